/* Faults below the C library, for LD_PRELOAD.
 *
 * Stands before the calls that change a disk, looks only at those on files below one folder, and
 *
 *   counts them,
 *   kills the process at the n-th, lets the n-th fail, or every one from the n-th on,
 *   waits before each fsync,
 *   writes down all of them, with their bytes, so that a power cut can be worked out afterwards.
 *
 * The process that is under test arms it by itself, once it is ready, with the functions that start with
 * fault_ (see kit.py): so a server that has loaded everything can fork one child a fault.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, UNLINK = 4, TRUNCATE = 8, RENAME = 16, CREATE = 32, READ = 64 };
enum { NEVER, KILL, ONCE, ONWARD };

static char under[PATH_MAX];
static size_t under_length;
static long counted, at;
static int mode, error_number, kinds, torn, delay_ms;
static int record = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What the process under test calls. */

void fault_under(const char *folder) {
    snprintf(under, sizeof under, "%s", folder);
    under_length = strlen(under);
}

void fault_arm(int how, long n, int error, int which, int half) {
    counted = 0;
    mode = how, at = n, error_number = error, kinds = which, torn = half;
}

long fault_counted(void) { return counted; }

void fault_slow(int milliseconds) { delay_ms = milliseconds; }

void fault_record(const char *path) {
    int file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    record = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, 200);
    if (file >= 0) syscall(SYS_close, file);
}

/* Writing down: one letter, the lengths of path and data and a number, all in the machine's order; then both. */

static void all(const void *bytes, size_t size) {
    const char *from = bytes;
    while (size) {
        long done = syscall(SYS_write, record, from, size);
        if (done <= 0) abort();
        from += done, size -= (size_t)done;
    }
}

static void note(char letter, const char *path, int64_t number, const void *data, size_t size) {
    if (record < 0) return;
    struct { char letter; char pad[3]; uint32_t path; int64_t number; uint64_t size; } head = {
        letter, {0}, (uint32_t)strlen(path), number, size};
    pthread_mutex_lock(&lock);
    all(&head, sizeof head), all(path, head.path), all(data, size);
    pthread_mutex_unlock(&lock);
}

void fault_mark(const char *text) { note('M', text, 0, "", 0); }

/* Whose file is it? */

static int ours(const char *path) {
    return under_length && !strncmp(path, under, under_length) && (!path[under_length] || path[under_length] == '/');
}

static int path_of(int file, char *path) {
    char link[40];
    if (!under_length) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    path[size < 0 ? 0 : size] = 0;
    return ours(path);
}

static int path_at(int folder, const char *name, char *path) {
    if (!under_length) return 0;
    char above[PATH_MAX];
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else if (folder == AT_FDCWD) {
        if (!getcwd(above, sizeof above)) return 0;
        if (snprintf(path, PATH_MAX, "%s/%s", above, name) >= PATH_MAX) return 0;
    } else {
        path_of(folder, above);
        if (snprintf(path, PATH_MAX, "%s/%s", above, name) >= PATH_MAX) return 0;
    }
    return ours(path);
}

/* Is it this one's turn? */

static int strikes(int kind) {
    if (mode == NEVER || !(kinds & kind)) return 0;
    long n = __sync_add_and_fetch(&counted, 1);
    return n == at || (mode == ONWARD && n >= at);
}

static int fails(void) {
    if (mode == KILL) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    errno = error_number;
    return -1;
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void half(int file, const void *data, size_t size, off_t offset) {
    if (torn && size > 1) syscall(SYS_pwrite64, file, data, size / 2, offset);
}

#define PWRITE(name) \
    ssize_t name(int file, const void *data, size_t size, off_t offset) { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (!path_of(file, path)) return real(file, data, size, offset); \
        if (strikes(WRITE)) { half(file, data, size, offset); return fails(); } \
        ssize_t done = real(file, data, size, offset); \
        if (done > 0) note('W', path, offset, data, (size_t)done); \
        return done; \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int file, const void *data, size_t size) {
    REAL(write);
    char path[PATH_MAX];
    if (!path_of(file, path)) return real(file, data, size);
    int appends = fcntl(file, F_GETFL) & O_APPEND;
    off_t offset = lseek(file, 0, appends ? SEEK_END : SEEK_CUR);
    if (strikes(WRITE)) { half(file, data, size, offset); return fails(); }
    ssize_t done = real(file, data, size);
    if (done > 0) note('W', path, offset, data, (size_t)done);
    return done;
}

/* Python's copies come here; without it they read and write. */
#define SENDFILE(name) \
    ssize_t name(int to, int from, off_t *offset, size_t size) { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (!path_of(to, path)) return real(to, from, offset, size); \
        errno = ENOTSOCK; \
        return -1; \
    }
ssize_t sendfile(int, int, off_t *, size_t);
ssize_t sendfile64(int, int, off_t *, size_t);
SENDFILE(sendfile)
SENDFILE(sendfile64)

#define PREAD(name) \
    ssize_t name(int file, void *data, size_t size, off_t offset) { \
        REAL(name); \
        char path[PATH_MAX]; \
        if ((kinds & READ) && path_of(file, path) && strikes(READ)) return fails(); \
        return real(file, data, size, offset); \
    }
PREAD(pread)
PREAD(pread64)

#define FSYNC(name) \
    int name(int file) { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (!path_of(file, path)) return real(file); \
        if (delay_ms) { struct timespec wait = {delay_ms / 1000, delay_ms % 1000 * 1000000L}; nanosleep(&wait, NULL); } \
        if (strikes(SYNC)) { if (mode != KILL) note('E', path, 0, "", 0); return fails(); } \
        int done = real(file); \
        if (!done) note('S', path, 0, "", 0); \
        return done; \
    }
FSYNC(fsync)
FSYNC(fdatasync)

#define FTRUNCATE(name) \
    int name(int file, off_t size) { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (!path_of(file, path)) return real(file, size); \
        if (strikes(TRUNCATE)) return fails(); \
        int done = real(file, size); \
        if (!done) note('X', path, size, "", 0); \
        return done; \
    }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

static int unlinks(int folder, const char *name, int flags, int (*real)(int, const char *, int)) {
    char path[PATH_MAX];
    if (!path_at(folder, name, path)) return real(folder, name, flags);
    if (strikes(UNLINK)) return fails();
    int done = real(folder, name, flags);
    if (!done && !(flags & AT_REMOVEDIR)) note('U', path, 0, "", 0);
    return done;
}

int unlinkat(int folder, const char *name, int flags) {
    REAL(unlinkat);
    return unlinks(folder, name, flags, real);
}

static int plain_unlink(int folder, const char *name, int flags) {
    return (void)folder, (void)flags, (int)syscall(SYS_unlinkat, AT_FDCWD, name, 0);
}

int unlink(const char *name) { return unlinks(AT_FDCWD, name, 0, plain_unlink); }

static int renames(int from, const char *old, int to, const char *name) {
    char before[PATH_MAX], after[PATH_MAX];
    int both = path_at(from, old, before) & path_at(to, name, after);
    if (both && strikes(RENAME)) return fails();
    int done = (int)syscall(SYS_renameat2, from, old, to, name, 0);
    if (!done && both) note('R', before, 0, after, strlen(after));
    return done;
}

int renameat(int from, const char *old, int to, const char *name) { return renames(from, old, to, name); }

int rename(const char *old, const char *name) { return renames(AT_FDCWD, old, AT_FDCWD, name); }

static int links(int from, const char *old, int to, const char *name, int flags) {
    char before[PATH_MAX], after[PATH_MAX];
    int both = path_at(from, old, before) & path_at(to, name, after);
    if (both && strikes(RENAME)) return fails();
    int done = (int)syscall(SYS_linkat, from, old, to, name, flags);
    if (!done && both) note('L', before, 0, after, strlen(after));
    return done;
}

int linkat(int from, const char *old, int to, const char *name, int flags) { return links(from, old, to, name, flags); }

int link(const char *old, const char *name) { return links(AT_FDCWD, old, AT_FDCWD, name, 0); }

static int makes(int folder, const char *name, mode_t permissions) {
    char path[PATH_MAX];
    int is_ours = path_at(folder, name, path);
    if (is_ours && strikes(CREATE)) return fails();
    int done = (int)syscall(SYS_mkdirat, folder, name, permissions);
    if (!done && is_ours) note('D', path, 0, "", 0);
    return done;
}

int mkdirat(int folder, const char *name, mode_t permissions) { return makes(folder, name, permissions); }

int mkdir(const char *name, mode_t permissions) { return makes(AT_FDCWD, name, permissions); }

static int opens(int folder, const char *name, int flags, mode_t permissions) {
    char path[PATH_MAX];
    int creates = 0, cuts = 0;
    if ((flags & (O_CREAT | O_TRUNC)) && path_at(folder, name, path)) {
        struct stat found;
        int missing = fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) != 0;
        creates = (flags & O_CREAT) && missing;
        cuts = (flags & O_TRUNC) && !missing;
    }
    if ((creates || cuts) && strikes(CREATE)) return fails();
    int file = (int)syscall(SYS_openat, folder, name, flags, permissions);
    if (file >= 0 && (creates || cuts)) note(creates ? 'C' : 'X', path, 0, "", 0);
    return file;
}

#define PERMISSIONS(last) \
    mode_t permissions = 0; \
    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) { va_list rest; va_start(rest, last); permissions = va_arg(rest, mode_t); va_end(rest); }

int open(const char *name, int flags, ...) { PERMISSIONS(flags) return opens(AT_FDCWD, name, flags, permissions); }
int open64(const char *name, int flags, ...) { PERMISSIONS(flags) return opens(AT_FDCWD, name, flags, permissions); }
int openat(int folder, const char *name, int flags, ...) { PERMISSIONS(flags) return opens(folder, name, flags, permissions); }
int openat64(int folder, const char *name, int flags, ...) { PERMISSIONS(flags) return opens(folder, name, flags, permissions); }
