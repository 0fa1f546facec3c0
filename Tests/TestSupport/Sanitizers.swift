import Glibc

/// Whether this process runs under the address sanitizer, whose shadow takes terabytes of addresses.
package var runsUnderAddressSanitizer: Bool {
  // No handle means all libraries that are loaded.
  unsafe dlsym(nil, "__asan_init") != nil
}
