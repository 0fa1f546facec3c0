package import Foundation

/// A file's bytes, mapped rather than read: pages come in as they are touched and can be dropped again.
package struct MappedFile: Sendable {
  package let path: String
  package let bytes: Data

  /// - Throws: `ModelFileError.cannotRead` with the system's reason.
  package init(path: String) throws(ModelFileError) {
    self.path = path
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .cannotRead(path: path, reason: "there is no such file")
    }
    guard !isFolder.boolValue else { throw .cannotRead(path: path, reason: "it is a folder") }
    do {
      bytes = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw .cannotRead(path: path, reason: systemReason(error))
    }
  }
}

/// The innermost reason of an error from Foundation.
func systemReason(_ error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
  // Foundation puts a sentence before the kernel's own words.
  return (underlying ?? error as NSError).localizedDescription
    .replacing("The operation could not be completed. ", with: "")
}

extension Data {
  /// The little-endian integer at `offset` bytes from the begin; `nil` past the end.
  func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self, at offset: Int) -> Value? {
    let size = Value.bitWidth / 8
    guard offset >= 0, offset <= count - size else { return nil }
    var value: Value = 0
    for index in (0..<size).reversed() {
      value = value << 8 | Value(truncatingIfNeeded: self[startIndex + offset + index])
    }
    return value
  }

  /// The bytes of a range counted from the begin; `nil` when it leaves the data.
  func part(_ offset: Int, _ length: Int) -> Data? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    return self[startIndex + offset..<startIndex + offset + length]
  }
}
