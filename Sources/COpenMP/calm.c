// Keeps GNU OpenMP's threads from spinning for milliseconds at every barrier.
//
// By default a thread that waits for another one keeps its core busy. If some other program occupies the other's core, both
// wait for the scheduler at every layer of the network, which then takes ten times as long. A thousand turns are enough on a
// machine of its own; after them the thread sleeps and leaves its core to the one it waits for.
//
// libgomp reads its settings while it is loaded, so the program starts itself again, once. Settings of the user's own count.
#include <stdlib.h>
#include <unistd.h>

__attribute__((constructor)) static void calm(int count, char **arguments) {
  (void)count;
  char path[4096];
  if (getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY")) return;
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0 || setenv("GOMP_SPINCOUNT", "1000", 1) != 0) return;
  path[length] = 0;
  execv(path, arguments);
  // It works all the same, only slower beside others.
}
