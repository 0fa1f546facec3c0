#if canImport(Glibc)
  import Glibc
#endif

/// Memory aligned for the widest vectors, unlike array storage.
@safe final class AlignedMemory {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// The bytes are uninitialised.
  init(byteCount: Int) throws(InferenceError) {
    var pointer: UnsafeMutableRawPointer?
    // Huge pages are aligned to 2 MB; they save most of the page-table walks for large tensors.
    let alignment = byteCount >= 1 << 22 ? 1 << 21 : 64
    guard unsafe posix_memalign(&pointer, alignment, max(byteCount, 64)) == 0, let base = unsafe pointer else {
      throw .outOfMemory(bytes: byteCount)
    }
    if alignment > 64 { _ = unsafe madvise(base, byteCount, MADV_HUGEPAGE) }
    unsafe self.base = unsafe base
    self.byteCount = byteCount
  }

  deinit { unsafe free(base) }
}
