import Basics
package import Foundation
import Glibc

/// A file's bytes, mapped rather than read: pages are loaded when touched and can be dropped again.
package struct MappedFile: Sendable {
  package let path: String
  /// Unmapped when the last copy or slice is released.
  package let bytes: Data

  /// Maps a regular file.
  ///
  /// - Throws: `ModelFileError.cannotRead` with the system's reason.
  package init(path: String) throws(ModelFileError) {
    func failed(_ reason: String) -> ModelFileError { .cannotRead(path: path, reason: reason) }
    let file = try RegularFile(path, failure: failed)
    let count = file.byteCount
    self.path = path
    guard count > 0 else {
      bytes = Data()
      return
    }
    // Mapped privately, so that this process cannot change the file through it.
    guard let start = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, file.descriptor, 0), unsafe start != MAP_FAILED
    else {
      throw failed(reasonText(errno))
    }
    bytes = unsafe Data(bytesNoCopy: start, count: count, deallocator: .custom { unsafe _ = munmap($0, $1) })
  }
}

extension Data {
  /// The little-endian integer at a byte offset; `nil` past the end.
  func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    let size = Value.bitWidth / 8
    guard offset >= 0, offset <= count - size else { return nil }
    return unsafe withUnsafeBytes {
      unsafe Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
  }

  /// A range of bytes by offset; `nil` if it exceeds the data.
  func part(_ offset: Int, _ length: Int) -> Data? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    return self[startIndex + offset..<startIndex + offset + length]
  }
}
