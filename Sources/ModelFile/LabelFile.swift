import Foundation

/// Activity names, one per line, in logit order.
package enum LabelFile {
  /// - Throws: `ModelFileError` if it cannot be read, is not text, or contains empty or repeated names.
  package static func read(_ path: String) throws(ModelFileError) -> [String] {
    let file = try MappedFile(path: path)
    guard file.bytes.count <= 1 << 20, let text = String(data: file.bytes, encoding: .utf8) else {
      throw .malformed(path: path, reason: "a label file must be UTF-8 text of at most 1 MiB")
    }
    var labels = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    while labels.last == "" { labels.removeLast() }
    var seen: [String: Int] = [:]
    for (index, label) in labels.enumerated() {
      guard !label.isEmpty else { throw .malformed(path: path, reason: "line \(index + 1) is empty") }
      guard !label.hasControls else {
        throw .malformed(path: path, reason: "line \(index + 1) has control characters")
      }
      if let first = seen.updateValue(index + 1, forKey: label) {
        throw .malformed(path: path, reason: "'\(label)' is on line \(first) and on line \(index + 1)")
      }
    }
    guard !labels.isEmpty else { throw .malformed(path: path, reason: "it has no labels") }
    return labels
  }
}

extension String {
  /// True if printing the text could control a terminal.
  var hasControls: Bool { unicodeScalars.contains { $0.properties.generalCategory == .control } }
}
