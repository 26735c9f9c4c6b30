"""Dataclasses that are made quickly: for the types that a start of the program needs.

`dataclasses` of the standard library takes 0.7 ms a class and 9 ms for itself: of sixty classes that is a
third of a start. Here a class takes a tenth, and an instance of a frozen one two thirds. They are
dataclasses for everyone else: `dataclasses.fields`, `replace`, `asdict` and `is_dataclass` take them, what
is derived from them may be either, and a type checker sees the standard library's own.
"""

# ruff: noqa: ANN001, ANN002, ANN003, ANN201, ANN202, ANN204, A002, ARG001, PLC0415
# A type checker reads the first branch alone, and imports are late because they are what is saved.

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, replace
else:
    _NOTHING: Final = object()
    _FIELDS: Final = "_record_fields"

    class field:  # noqa: N801 - as the standard library calls it
        """What is said of one field: its default, and whether it is shown and compared."""

        __slots__ = ("compare", "default", "default_factory", "name", "repr", "type")

        def __init__(self, *, default=_NOTHING, default_factory=_NOTHING, repr=True, compare=True):
            self.name = self.type = ""
            self.default = default
            self.default_factory = default_factory
            self.repr = repr
            self.compare = compare

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, eq=True):
        """Make a class one that holds fields, as `dataclasses.dataclass` does.

        Fields are what is annotated, in order, those of the bases first; a `ClassVar` is none.
        """
        if cls is None:
            return lambda cls: dataclass(cls, frozen=frozen, slots=slots, kw_only=kw_only, eq=eq)
        own = _own_fields(cls)
        fields = {}
        for base in reversed(cls.__mro__[1:]):
            fields.update(base.__dict__.get(_FIELDS, {}))
        inherited = set(fields)
        fields.update(own)
        for name, each in own.items():
            if each.default is not _NOTHING and not slots:
                setattr(cls, name, each.default)
            elif name in cls.__dict__:
                delattr(cls, name)
        if slots:
            cls = _with_slots(cls, [name for name in own if name not in inherited])
        setattr(cls, _FIELDS, fields)
        cls.__dataclass_fields__ = _Standard()
        cls.__dataclass_params__ = _Params(frozen)
        cls.__match_args__ = () if kw_only else tuple(fields)
        _add_methods(cls, fields, frozen, slots, kw_only, eq)
        return cls

    def fields(kind, /):
        """Return the fields of a class, or of an instance, in their order."""
        found = getattr(kind, _FIELDS, None)
        if found is not None:
            return tuple(found.values())
        from dataclasses import fields as standard

        return standard(kind)

    def replace(instance, /, **changes):
        """Return a copy with some fields changed."""
        cls = type(instance)
        fields = cls.__dict__.get(_FIELDS)
        if fields is None:
            from dataclasses import replace as standard

            return standard(instance, **changes)
        for name in fields:
            if name not in changes:
                changes[name] = getattr(instance, name)
        return cls(**changes)

    def _own_fields(cls):
        found = {}
        for name, written in cls.__dict__.get("__annotations__", {}).items():  # noqa: RUF063
            if not isinstance(written, str):
                raise TypeError(f"{cls.__name__}: annotations are not texts; import them from __future__")
            if written.startswith(("ClassVar", "typing.ClassVar")):
                continue
            default = cls.__dict__.get(name, _NOTHING)
            each = default if isinstance(default, field) else field(default=default)
            if isinstance(each.default, (list, dict, set)):
                raise ValueError(f"{cls.__name__}: one default of {name} would be shared; give a factory")  # noqa: TRY004
            each.name, each.type = name, written
            found[name] = each
        return found

    def _with_slots(cls, names):
        parts = {
            name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")
        }
        parts["__slots__"] = tuple(names)
        made = type(cls)(cls.__name__, cls.__bases__, parts)
        made.__qualname__ = cls.__qualname__
        return made

    def _add_methods(cls, fields, frozen, slots, kw_only, eq):
        own = cls.__dict__
        _check_order(cls, fields, kw_only)
        cls.__init__ = _made_when_used(cls, fields, frozen, slots, kw_only)
        cls.__signature__ = _Signature()
        if "__repr__" not in own:
            cls.__repr__ = _repr
        if eq and "__eq__" not in own:
            cls.__eq__ = _eq
            compared = [name for name, each in fields.items() if each.compare]
            # Of one field its value, of none nothing, of more a tuple.
            cls._record_values = attrgetter(*compared) if compared else _nothing
            if frozen and "__hash__" not in own:
                cls.__hash__ = _hash
            elif not frozen and "__hash__" not in own:
                cls.__hash__ = None
        if frozen:
            cls.__setattr__, cls.__delattr__ = _set, _delete
            if slots:
                if "__getstate__" not in own:
                    cls._record_all = attrgetter(*fields) if fields else _nothing
                    cls.__getstate__ = _get_state
                if "__setstate__" not in own:
                    cls._record_setters = tuple(getattr(cls, name).__set__ for name in fields)
                    cls.__setstate__ = _set_state

    def _check_order(cls, fields, kw_only):
        defaulted = False
        for name, each in fields.items():
            has_default = each.default is not _NOTHING or each.default_factory is not _NOTHING
            if defaulted and not has_default and not kw_only:
                raise TypeError(f"{cls.__name__}: {name}, which has no default, follows one that has")
            defaulted |= has_default

    def _made_when_used(cls, fields, frozen, slots, kw_only):
        # Half of the classes that are loaded are of no use in a run, and this is most of what one takes.
        def __init__(self, *given, **named):  # noqa: N807
            cls.__init__ = _init(cls, fields, frozen, slots, kw_only)
            cls.__init__(self, *given, **named)

        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        return __init__

    def _init(cls, fields, frozen, slots, kw_only):
        names = {"_nothing": _NOTHING, "_set": object.__setattr__}
        needed, others, lines = [], [], []
        for name, each in fields.items():
            value = name
            if each.default_factory is not _NOTHING:
                names[f"_made_{name}"] = each.default_factory
                others.append(f"{name}=_nothing")
                value = f"_made_{name}() if {name} is _nothing else {name}"
            elif each.default is not _NOTHING:
                names[f"_default_{name}"] = each.default
                others.append(f"{name}=_default_{name}")
            else:
                needed.append(name)
            if not frozen:
                lines.append(f" self.{name}={value}")
            elif slots:
                # Quicker than through `object.__setattr__`, which seeks this.
                names[f"_set_{name}"] = getattr(cls, name).__set__
                lines.append(f" _set_{name}(self,{value})")
            else:
                lines.append(f" _set(self,{name!r},{value})")
        if hasattr(cls, "__post_init__"):
            lines.append(" self.__post_init__()")
        star = ["*"] if kw_only and fields else []
        head = ",".join(["self", *star, *needed, *others])
        exec("\n".join([f"def __init__({head}):", *(lines or [" pass"])]), names)  # noqa: S102
        made = names["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        made.__module__ = cls.__module__
        made.__annotations__ = {name: each.type for name, each in fields.items()} | {"return": None}
        return made

    def _nothing(_instance):
        return ()

    def _repr(self):
        shown = [name for name, each in getattr(type(self), _FIELDS).items() if each.repr]
        inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({inner})"

    def _eq(self, other):
        if other.__class__ is not self.__class__:
            return NotImplemented
        values = type(self)._record_values
        return values(self) == values(other)

    def _hash(self):
        return hash(type(self)._record_values(self))

    def _set(self, name, _value):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _delete(self, name):
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _get_state(self):
        state = type(self)._record_all(self)
        return [state] if len(type(self)._record_setters) == 1 else state

    def _set_state(self, state):
        for put, value in zip(type(self)._record_setters, state, strict=True):
            put(self, value)

    class _Signature:
        """What `help` shows of a class: its fields, also before the first instance is made."""

        def __get__(self, _instance, owner):
            import inspect

            if _FIELDS not in owner.__dict__:
                raise AttributeError("__signature__")  # it has an `__init__` of its own
            parts = []
            one = inspect.Parameter
            kind = one.POSITIONAL_OR_KEYWORD if owner.__match_args__ else one.KEYWORD_ONLY
            for name, each in getattr(owner, _FIELDS).items():
                default = one.empty if each.default is _NOTHING else each.default
                if each.default_factory is not _NOTHING:
                    default = each.default_factory
                parts.append(one(name, kind, default=default, annotation=each.type))
            return inspect.Signature(parts, return_annotation=None)

    class _Params:
        """What the standard library asks of a base."""

        __slots__ = ("frozen",)

        def __init__(self, frozen):
            self.frozen = frozen

    class _Standard:
        """The fields in the standard library's own form, made when somebody asks for them."""

        def __get__(self, _instance, owner):
            import dataclasses

            for cls in owner.__mro__:
                if _FIELDS in cls.__dict__:
                    break
            found = {}
            for name, each in cls.__dict__[_FIELDS].items():
                given = {"repr": each.repr, "compare": each.compare, "kw_only": False}
                if each.default is not _NOTHING:
                    given["default"] = each.default
                if each.default_factory is not _NOTHING:
                    given["default_factory"] = each.default_factory
                one = found[name] = dataclasses.field(**given)
                one.name, one.type, one._field_type = name, each.type, dataclasses._FIELD
            cls.__dataclass_fields__ = found
            return found


__all__ = ["dataclass", "field", "fields", "replace"]
