#define _GNU_SOURCE
#include "CConnections.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int limit;
static atomic_ulong refused;
// Closed for a moment to accept and drop a connection when no other descriptor is left.
static int spare = -1;
static pthread_mutex_t spare_mutex = PTHREAD_MUTEX_INITIALIZER;

void connections_set_limit(int descriptor) {
  pthread_mutex_lock(&spare_mutex);
  if (spare < 0) spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
  pthread_mutex_unlock(&spare_mutex);
  atomic_store(&limit, descriptor);
}

unsigned long connections_refused(void) { return atomic_load(&refused); }

static int refuse(int peer) {
  close(peer);
  atomic_fetch_add(&refused, 1);
  errno = ECONNABORTED;
  return -1;
}

// A listening socket stays readable until the connection is accepted, so ignoring it would spin.
static int refuse_with_spare(int listener) {
  pthread_mutex_lock(&spare_mutex);
  if (spare >= 0) close(spare);
  const int peer = (int)syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC);
  if (peer >= 0) close(peer);
  spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
  pthread_mutex_unlock(&spare_mutex);
  if (peer >= 0) atomic_fetch_add(&refused, 1);
  errno = ECONNABORTED;
  return -1;
}

int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags) {
  const int peer = (int)syscall(SYS_accept4, listener, address, length, flags);
  const int highest = atomic_load(&limit);
  if (peer >= 0) return highest > 0 && peer >= highest ? refuse(peer) : peer;
  return highest > 0 && (errno == EMFILE || errno == ENFILE) ? refuse_with_spare(listener) : -1;
}

int accept(int listener, struct sockaddr *address, socklen_t *length) {
  return accept4(listener, address, length, 0);
}
