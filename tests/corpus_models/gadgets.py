"""Callables that run code, load, read, write or reach out when a pickle calls them; one pickle for each.

Sources: picklescan's advisories (GHSA ids in its tests/data2), fickling's, "The Art of Hide and Seek"
(arXiv 2508.19774), and ours. That each still acts in current versions was not tried: nothing is ever loaded.
"""

from __future__ import annotations

from corpus_models.assemble import COMMAND, call, stack_name, stream
from corpus_models.model import Want, add

RUNS_CODE = """
os.system posix.system nt.system os.popen os.execv os.execve os.execvp os.spawnl os.spawnv os.posix_spawn
subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.getoutput
subprocess.getstatusoutput subprocess.Popen commands.getoutput popen2.popen2 pty.spawn pipes.Template
builtins.eval builtins.exec builtins.compile __builtin__.eval __builtin__.execfile builtins.breakpoint
code.interact code.InteractiveInterpreter.runcode code.InteractiveConsole codeop.compile_command
timeit.timeit timeit.repeat timeit.main timeit.Timer bdb.Bdb.run bdb.Bdb.runeval pdb.run pdb.runeval pdb.Pdb
trace.Trace.run trace.Trace.runctx cProfile.run cProfile.runctx profile.run profile.Profile.runctx
doctest.debug_script doctest.testfile runpy.run_path runpy.run_module runpy._run_code
pip.main pip._internal.main pip._internal.cli.main.main ensurepip._run_pip ensurepip.bootstrap venv.create
venv.EnvBuilder pydoc.pipepager pydoc.tempfilepager pydoc.locate pydoc.render_doc _pyrepl.pager.pipe_pager
uuid._get_command_stdout _osx_support._read_output _aix_support._read_cmd_output imaplib.IMAP4_stream
test.support.script_helper.assert_python_ok distutils.spawn.spawn distutils.file_util.write_file
asyncio.unix_events._UnixSubprocessTransport._start asyncio.create_subprocess_shell
asyncio.subprocess.create_subprocess_exec multiprocessing.util.spawnv_passfds multiprocessing.Process
_posixsubprocess.fork_exec _xxsubinterpreters.run_string
_interpreters.run_string _testcapi.run_in_subinterp test.support.run_in_subinterp
idlelib.pyshell.ModifiedInterpreter.runcommand idlelib.run.Executive.runcode idlelib.autocomplete.AutoComplete.get_entity
idlelib.calltip.get_entity idlelib.debugobj.ObjectTreeItem.SetText lib2to3.pgen2.grammar.Grammar.loads
lib2to3.pgen2.pgen.ParserGenerator.make_label unittest.mock._importer numpy.testing._private.utils.runstring
numpy.testing.runstring numpy.f2py.crackfortran.getlincoef numpy.f2py.crackfortran._eval_length
numpy.f2py.crackfortran.param_eval numpy.f2py.diagnose.run_command numpy.distutils.exec_command.exec_command
torch._dynamo.guards.GuardBuilder.get torch._inductor.codecache.compile_file torch.utils.collect_env.run
torch.utils.collect_env.run_and_read_all torch.utils.bottleneck.__main__.run_cprofile
torch.utils.bottleneck.__main__.run_autograd_prof torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression
torch.jit.unsupported_tensor_ops.execWrapper torch.utils.data.datapipes.utils.decoder.basichandlers
torch.utils._config_module.ConfigModule.load_config torch.fx.graph_module._forward_from_src
torch.utils.cpp_extension.load_inline torch.utils.cpp_extension.load torch.distributed.rpc.internal._run_function
torch.testing._internal.common_utils.run_process_no_exception numexpr.evaluate sympy.sympify
sympy.core.sympify.sympify sympy.parsing.sympy_parser.parse_expr jinja2.Template jinja2.Environment.from_string
pandas.eval pandas.core.computation.eval.eval IPython.utils.process.system IPython.get_ipython
matplotlib.cbook._exec_command_to_fd_safe git.Repo.clone_from dataclasses.make_dataclass collections.namedtuple._exec
sklearn.utils._testing.run_code nltk.internals.java joblib.externals.loky.backend.popen_loky_posix.Popen
setuptools._distutils.spawn.spawn fabric.Connection.run invoke.run sh.Command pexpect.spawn pexpect.run plumbum.local
transformers.dynamic_module_utils.get_class_from_dynamic_module hydra.utils.instantiate fire.Fire webbrowser.open
webbrowser.GenericBrowser antigravity.geohash_exec os.startfile tkinter.Tcl
""".split()

NESTED_LOADERS = """
pickle.loads pickle.load _pickle.loads _pickle.load cPickle.loads pickle.Unpickler _pickle.Unpickler dill.loads dill.load
dill._dill.loads cloudpickle.loads cloudpickle.load joblib.load sklearn.externals.joblib.load pandas.read_pickle
pandas.io.pickle.read_pickle numpy.load numpy.lib.npyio.load torch.load torch.serialization.load torch.jit.load
torch.package.PackageImporter keras.models.load_model
tensorflow.keras.models.load_model mlflow.pyfunc.load_model skops.io.load shelve.open marshal.load marshal.loads
yaml.load yaml.unsafe_load jsonpickle.decode ruamel.yaml.load klepto.archives.file_archive compress_pickle.load
torch.hub.load torch.multiprocessing.reductions.rebuild_storage_filename.load multiprocessing.connection.Client
multiprocessing.reduction.ForkingPickler.loads logging.config.dictConfig logging.config.listen
""".split()

NATIVE = """
ctypes.CDLL ctypes.cdll.LoadLibrary ctypes.PyDLL _ctypes.dlopen _ctypes.call_function cffi.FFI.dlopen
numpy.ctypeslib.load_library torch.ops.load_library torch.classes.load_library lightgbm.basic._load_lib
xgboost.core._load_lib imp.load_dynamic _imp.create_dynamic tensorflow.load_op_library tensorflow.load_library
sqlite3.Connection.load_extension ctypes.util._findLib_gcc
""".split()

FILES = """
builtins.open io.open _io.open io.FileIO _io.FileIO codecs.open os.remove os.unlink os.rename os.symlink os.chmod
os.rmdir os.mkdir os.open shutil.rmtree shutil.copy shutil.move shutil.copyfile pathlib.Path.write_text
pathlib.Path.unlink linecache.getlines linecache.updatecache logging.FileHandler logging.handlers.RotatingFileHandler
tempfile.NamedTemporaryFile zipfile.ZipFile tarfile.open fileinput.input numpy.fromfile numpy.memmap numpy.savetxt
numpy.loadtxt numpy.genfromtxt numpy.tofile tensorflow.io.write_file tensorflow.io.read_file torch.save joblib.dump
pandas.read_csv pandas.DataFrame.to_csv sqlite3.connect _sqlite3.connect dbm.open gzip.open bz2.open lzma.open
distutils.file_util.copy_file py_compile.compile compileall.compile_dir
""".split()

NETWORK = """
urllib.request.urlopen urllib.request.urlretrieve urllib.urlopen urllib2.urlopen http.client.HTTPConnection
http.client.HTTPSConnection socket.socket socket.create_connection socket.getaddrinfo socket.gethostbyname
ssl.get_server_certificate smtplib.SMTP smtplib.SMTP_SSL ftplib.FTP telnetlib.Telnet poplib.POP3 imaplib.IMAP4
nntplib.NNTP xmlrpc.client.ServerProxy requests.get requests.post requests.api.request httpx.get
urllib3.PoolManager aiohttp.request torch.hub.load_state_dict_from_url torch.hub.download_url_to_file
paramiko.SSHClient boto3.client socketserver.TCPServer asyncio.open_connection huggingface_hub.hf_hub_download
keras.utils.get_file tensorflow.keras.utils.get_file
""".split()

IMPORTS = """
importlib.import_module importlib.__import__ importlib.reload importlib._bootstrap._load
importlib.machinery.SourceFileLoader importlib.util.spec_from_file_location builtins.__import__ __builtin__.__import__
pkgutil.resolve_name imp.load_source imp.load_module zipimport.zipimporter sys.modules site.addsitedir
site.execsitecustomize
""".split()

CODE_OBJECTS = """
types.CodeType types.FunctionType types.LambdaType dill._dill._create_function dill._dill._create_code
dill._dill._import_module cloudpickle.cloudpickle._make_function cloudpickle.cloudpickle._make_skeleton_func
cloudpickle.cloudpickle._builtin_type cloudpickle.cloudpickle.subimport cloudpickle._make_skel_func
""".split()

ATTRIBUTES = """
builtins.getattr builtins.setattr builtins.delattr builtins.globals builtins.locals builtins.vars operator.attrgetter
operator.methodcaller operator.call builtins.map builtins.filter functools.reduce functools.partial
itertools.starmap itertools.accumulate builtins.type types.new_class inspect.getattr_static gc.get_objects
sys._getframe sys.settrace sys.setprofile sys.addaudithook weakref.finalize atexit.register signal.signal
threading.Thread threading.Timer concurrent.futures.ThreadPoolExecutor.submit copyreg.add_extension
""".split()
"""Ways to a sink; without one they are `unknown` at least."""

WEAK = """
torch._utils_internal.get_file_path torch.fx._symbolic_trace.Tracer antigravity.geohash
concurrent.futures.ThreadPoolExecutor scipy.made_up.evaluate acme_nets.load enum.Enum turtledemo.__main__.main concurrent.futures.process._process_worker
""".split()
"""Nothing known to be bad, nothing a saved model needs."""

FAMILIES = {
    "runs-code": (RUNS_CODE, Want.DANGEROUS),
    "nested-loader": (NESTED_LOADERS, Want.DANGEROUS),
    "native": (NATIVE, Want.DANGEROUS),
    "file": (FILES, Want.DANGEROUS),
    "network": (NETWORK, Want.DANGEROUS),
    "import": (IMPORTS, Want.DANGEROUS),
    "code-object": (CODE_OBJECTS, Want.DANGEROUS),
    "attribute": (ATTRIBUTES, Want.ALARM),
    "weak": (WEAK, Want.ALARM),
}

_MADE_UP = {
    "collections.namedtuple._exec",
    "antigravity.geohash_exec",
    "sklearn.utils._testing.run_code",
    "numpy.tofile",
    "torch.multiprocessing.reductions.rebuild_storage_filename.load",
    "torch.testing._internal.common_utils.run_process_no_exception",
}
"""Sound like sinks of the family and do not exist: nothing but an alarm can be asked."""

_ARGUMENTS = {
    "builtins.open": ("/tmp/tidegate-sample", "w"),
    "types.CodeType": (0, 0, 0, 0, 0, 0, b"", (), (), ()),
}

for _family, (_names, _want) in FAMILIES.items():
    for _name in _names:
        # A class in the middle makes the name dotted within its module, which protocol 4 resolves.
        _module, _, _attribute = _name.rpartition(".")
        _parts = _module.split(".")
        _classes = [part for part in _parts[1:] if part[:1].isupper()]
        _where = f"{'.'.join(_parts[: len(_parts) - len(_classes)])}:{'.'.join([*_classes, _attribute])}"
        add(
            f"gadget-{_name}",
            "gadgets",
            f"{_family}: {_name}",
            "advisories, papers, ours",
            stream(call(stack_name(_where), *_ARGUMENTS.get(_name, (COMMAND,)))),
            want=Want.ALARM if _name in _MADE_UP else _want,
        )
