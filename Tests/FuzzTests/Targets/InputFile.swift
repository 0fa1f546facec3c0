import Foundation

/// Files with inputs, for readers that take a path.
enum InputFile {
  /// Passes a reader the path of a file that exists until it returns.
  static func with(_ bytes: [UInt8], suffix: String = "", _ read: (String) throws -> Void) throws {
    let path = NSTemporaryDirectory() + "adl-fuzz-\(UInt64.random(in: .min ... .max))\(suffix)"
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
    defer { unsafe unlink(path) }
    let written = unsafe write(descriptor, bytes, bytes.count)
    close(descriptor)
    guard written == bytes.count else { throw CocoaError(.fileWriteOutOfSpace) }
    try read(path)
  }
}
