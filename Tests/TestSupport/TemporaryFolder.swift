package import Foundation
import Testing

/// A folder for one test's files, removed with the value.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    // Short, because the path of a socket has at most 107 bytes.
    path = NSTemporaryDirectory() + "adl-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      Issue.record("\(path) could not be removed: \(error)")
    }
  }

  /// The path of a file, whether it exists or not.
  package func file(_ name: String) -> String { path + "/" + name }

  /// The path of a file to be written; its folders are created.
  package func newFile(_ name: String) throws -> String {
    let file = file(name)
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    return file
  }

  @discardableResult package func write(_ text: String, as name: String = "file") throws -> String {
    try write(Data(text.utf8), as: name)
  }

  @discardableResult package func write(_ bytes: [UInt8], as name: String = "file") throws -> String {
    try write(Data(bytes), as: name)
  }

  @discardableResult package func write(_ content: Data, as name: String = "file") throws -> String {
    let path = try newFile(name)
    try content.write(to: URL(fileURLWithPath: path))
    return path
  }

  package func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

  package var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path) } }
}
