/* The limit: what a folder scan costs when nothing but reading and matching is done.
 *
 *   limit read    THREADS FOLDER            read every file, do nothing with it
 *   limit scan    THREADS FOLDER PATTERNS   match every file, count hits and add up their line numbers
 *   limit compile PATTERNS OUT              compile once and save, so that `scan OUT` starts warm
 *
 * PATTERNS: one a line, "id<TAB>flags<TAB>expression"; or a saved database.
 * Files are laid one after the other into a buffer of 1 MB and matched in one call, which is faster than a
 * call a file. A larger file is read into a buffer of its own. Symbolic links are not followed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <hs.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH (1u << 20)
#define MAX_PATTERNS 4096

static char **paths;
static size_t path_count, path_room, next_path;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static hs_database_t *database;

struct worker {
    pthread_t thread;
    hs_scratch_t *scratch;
    char *buffer;
    size_t room;
    size_t *starts;
    size_t documents, documents_room;
    const char *text; /* what is being matched, and where its lines were counted up to */
    size_t counted, line, document;
    unsigned long long files, bytes, hits, lines;
};

static void die(const char *what) {
    fprintf(stderr, "limit: %s\n", what);
    exit(2);
}

static void *grown(void *old, size_t size) {
    void *new = realloc(old, size);
    if (!new) die("out of memory");
    return new;
}

static void walk(int parent, const char *name, const char *shown) {
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return;
    DIR *dir = fdopendir(fd);
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        unsigned char type = entry->d_type;
        if (type == DT_UNKNOWN) {
            struct stat status;
            if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW)) continue;
            type = S_ISDIR(status.st_mode) ? DT_DIR : S_ISREG(status.st_mode) ? DT_REG : DT_LNK;
        }
        if (type != DT_DIR && type != DT_REG) continue;
        char *path;
        if (asprintf(&path, "%s/%s", shown, entry->d_name) < 0) die("out of memory");
        if (type == DT_DIR) {
            walk(fd, entry->d_name, path);
            free(path);
            continue;
        }
        if (path_count == path_room) {
            path_room = path_room ? path_room * 2 : 4096;
            paths = grown(paths, path_room * sizeof *paths);
        }
        paths[path_count++] = path;
    }
    closedir(dir);
}

static int on_hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
    struct worker *w = context;
    (void)id, (void)from, (void)flags;
    while (w->document + 1 < w->documents && w->starts[w->document + 1] < to) {
        w->document++;
        w->counted = w->starts[w->document];
        w->line = 1;
    }
    const char *at = w->text + w->counted, *end = w->text + to;
    while ((at = memchr(at, '\n', (size_t)(end - at)))) {
        w->line++;
        at++;
    }
    if (to > w->counted) w->counted = to;
    w->hits++;
    w->lines += w->line;
    return 0;
}

static void match(struct worker *w, const char *text, size_t size) {
    if (!database || !size) return;
    w->text = text;
    w->document = 0;
    w->counted = 0;
    w->line = 1;
    if (hs_scan(database, text, (unsigned)size, 0, w->scratch, on_hit, w) != HS_SUCCESS) die("hs_scan failed");
}

static size_t take(size_t *first) {
    pthread_mutex_lock(&lock);
    *first = next_path;
    size_t many = path_count - next_path < 64 ? path_count - next_path : 64;
    next_path += many;
    pthread_mutex_unlock(&lock);
    return many;
}

static void flush(struct worker *w, size_t *used) {
    match(w, w->buffer, *used);
    *used = 0;
    w->documents = 0;
}

/* Append the file to the buffer; returns the new fill. */
static size_t lay(struct worker *w, const char *path, size_t used) {
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return used;
    size_t start = used;
    for (;;) {
        if (used == w->room) { /* full: the file may go on, so give it more room and match it in one call */
            if (start > 0) {
                size_t have = used - start, before = start;
                char *rest = grown(NULL, w->room * 2);
                memcpy(rest, w->buffer + start, have);
                flush(w, &before);
                memcpy(w->buffer, rest, have);
                free(rest);
                used = have;
                start = 0;
            } else {
                w->room *= 2;
                w->buffer = grown(w->buffer, w->room);
            }
        }
        ssize_t got = read(fd, w->buffer + used, w->room - used);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        used += (size_t)got;
    }
    close(fd);
    w->files++;
    w->bytes += used - start;
    if (w->documents == w->documents_room) {
        w->documents_room = w->documents_room ? w->documents_room * 2 : 1024;
        w->starts = grown(w->starts, w->documents_room * sizeof *w->starts);
    }
    w->starts[w->documents++] = start;
    return used;
}

static void *work(void *argument) {
    struct worker *w = argument;
    size_t first, many, used = 0;
    w->room = BATCH;
    w->buffer = grown(NULL, w->room);
    if (database && hs_alloc_scratch(database, &w->scratch) != HS_SUCCESS) die("no scratch");
    while ((many = take(&first)))
        for (size_t i = first; i < first + many; i++) {
            used = lay(w, paths[i], used);
            if (used > w->room - w->room / 8) flush(w, &used);
        }
    flush(w, &used);
    return NULL;
}

static char *slurp(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file) die("cannot open the patterns");
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *text = grown(NULL, *size + 1);
    if (fread(text, 1, *size, file) != *size) die("cannot read the patterns");
    text[*size] = 0;
    fclose(file);
    return text;
}

static void compile(char *text) {
    static const char *expressions[MAX_PATTERNS];
    static unsigned flags[MAX_PATTERNS], ids[MAX_PATTERNS];
    unsigned count = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *flag = strchr(line, '\t'), *expression = flag ? strchr(flag + 1, '\t') : NULL;
        if (!expression || count == MAX_PATTERNS) die("a pattern line is malformed, or there are too many");
        ids[count] = (unsigned)atoi(line);
        flags[count] = (unsigned)atoi(flag + 1);
        expressions[count++] = expression + 1;
    }
    hs_compile_error_t *error;
    if (hs_compile_multi(expressions, flags, ids, count, HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS) {
        fprintf(stderr, "limit: pattern %d: %s\n", error->expression, error->message);
        exit(2);
    }
}

static void load(const char *path) {
    size_t size;
    char *text = slurp(path, &size);
    if (hs_deserialize_database(text, size, &database) != HS_SUCCESS) compile(text);
    free(text);
}

static int save(const char *patterns, const char *out) {
    char *bytes;
    size_t size;
    load(patterns);
    if (hs_serialize_database(database, &bytes, &size) != HS_SUCCESS) die("cannot serialize");
    FILE *file = fopen(out, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) die("cannot save");
    printf("{\"hyperscan\": \"%s\", \"database_bytes\": %zu}\n", hs_version(), size);
    return 0;
}

int main(int count, char **arguments) {
    if (count == 4 && !strcmp(arguments[1], "compile")) return save(arguments[2], arguments[3]);
    if (count < 4) die("usage: limit read|scan THREADS FOLDER [PATTERNS]");
    int threads = atoi(arguments[2]);
    if (threads < 1 || threads > 64) die("1 to 64 threads");
    if (!strcmp(arguments[1], "scan")) load(count > 4 ? arguments[4] : "");
    walk(AT_FDCWD, arguments[3], arguments[3]);
    static struct worker workers[64];
    for (int i = 1; i < threads; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i])) die("no thread");
    work(&workers[0]);
    unsigned long long files = workers[0].files, bytes = workers[0].bytes, hits = workers[0].hits;
    unsigned long long lines = workers[0].lines;
    for (int i = 1; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        files += workers[i].files, bytes += workers[i].bytes, hits += workers[i].hits, lines += workers[i].lines;
    }
    printf("{\"files\": %llu, \"bytes\": %llu, \"hits\": %llu, \"lines\": %llu}\n", files, bytes, hits, lines);
    return 0;
}
