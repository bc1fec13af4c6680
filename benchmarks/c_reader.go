//go:build cgo && unix

package main

/*
#cgo LDFLAGS: -lpthread
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

// A job is a list of files. Each thread takes the next file from it.
struct job {
	char **paths;
	long n;
	atomic_long next, bytes, failed;
};

// read_one reads a file into *buf, which grows as needed. It returns the number
// of bytes, or -1.
static long read_one(const char *path, char **buf, size_t *cap) {
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return -1;
	struct stat st;
	long got = -1;
	if (fstat(fd, &st) == 0) {
		if ((size_t)st.st_size > *cap) {
			*cap = 2 * st.st_size;
			*buf = realloc(*buf, *cap);
		}
		ssize_t n = 1;
		for (got = 0; got < st.st_size && n > 0; got += n)
			if ((n = read(fd, *buf + got, st.st_size - got)) < 0) {
				got = -1;
				break;
			}
	}
	close(fd);
	return got;
}

static void *reader(void *arg) {
	struct job *j = arg;
	size_t cap = 1 << 20;
	char *buf = malloc(cap);
	long bytes = 0;
	for (long i; (i = atomic_fetch_add(&j->next, 1)) < j->n;) {
		long n = read_one(j->paths[i], &buf, &cap);
		if (n < 0) j->failed = 1;
		else bytes += n;
	}
	j->bytes += bytes;
	free(buf);
	return NULL;
}

// read_all reads the files with the given number of threads. It returns the
// number of bytes, or -1.
static long read_all(char **paths, long n, int threads) {
	struct job j = {.paths = paths, .n = n};
	pthread_t *ts = malloc(threads * sizeof *ts);
	int started = 0;
	while (started < threads && pthread_create(&ts[started], NULL, reader, &j) == 0) started++;
	for (int i = 0; i < started; i++) pthread_join(ts[i], NULL);
	free(ts);
	return started < threads || j.failed ? -1 : j.bytes;
}
*/
import "C"

import (
	"errors"
	"unsafe"
)

// readInC returns a run that reads the files in C with the given number of
// threads. It shows the speed that the system allows. The list is converted once,
// before the run.
func readInC(paths []string, threads int) run {
	list := (**C.char)(C.malloc(C.size_t(len(paths)) * C.size_t(unsafe.Sizeof((*C.char)(nil)))))
	for i, path := range paths {
		unsafe.Slice(list, len(paths))[i] = C.CString(path)
	}
	return func() (int64, error) {
		n := C.read_all(list, C.long(len(paths)), C.int(threads))
		if n < 0 {
			return 0, errors.New("the C program could not read the files")
		}
		return int64(n), nil
	}
}
