import Foundation
import ModelFile

/// On disk: JSON lines, first a header, then one line per clip.
extension ScoreFile {
  private struct Header: Codable {
    static let format = "adl.scores"
    static let version = 1

    var format = Header.format
    var version = Header.version
    var system: String
    var dataset: String
    var `protocol`: String
    var partition: String
    var labels: [String]
    /// Number of lines that follow; reveals a truncated file.
    var clips: Int
  }

  /// Reads scores written by `write`.
  ///
  /// - Throws: `EvaluationError.cannotRead`, `.malformed` with the line, `.unsuitable` if the scores are invalid.
  package static func read(_ path: String) throws(EvaluationError) -> ScoreFile {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw EvaluationError(error) }
    var lines = file.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty ?? false { lines.removeLast() }

    let decoder = JSONDecoder()
    func decoded<Value: Decodable>(_ type: Value.Type, line: Int) throws(EvaluationError) -> Value {
      do {
        return try decoder.decode(type, from: lines[line])
      } catch {
        throw .malformed(path: path, line: line + 1, reason: reason(of: error))
      }
    }
    guard !lines.isEmpty else { throw .malformed(path: path, line: 1, reason: "it is empty") }
    let header = try decoded(Header.self, line: 0)
    guard header.format == Header.format, header.version == Header.version else {
      throw .malformed(
        path: path, line: 1,
        reason: "it is '\(header.format)' version \(header.version), not '\(Header.format)' version \(Header.version)")
    }
    guard lines.count - 1 == header.clips else {
      throw .malformed(
        path: path, line: lines.count,
        reason: "\(lines.count - 1) clips follow instead of \(header.clips); score the clips again")
    }
    var clips: [ScoredClip] = []
    for line in lines.indices.dropFirst() { clips.append(try decoded(ScoredClip.self, line: line)) }
    return try ScoreFile(
      labels: header.labels, clips: clips, system: header.system, dataset: header.dataset,
      protocolName: header.protocol, partition: header.partition)
  }

  /// Writes a temporary file and renames it, so that the file is either complete or absent.
  ///
  /// - Throws: `EvaluationError.cannotWrite`.
  package func write(_ path: String) throws(EvaluationError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let header = Header(
      system: system, dataset: dataset, protocol: protocolName, partition: partition, labels: labels,
      clips: clips.count)
    do {
      try AtomicFile.write(to: path) { file in
        func write(_ line: some Encodable) throws {
          try file.write(contentsOf: encoder.encode(line) + [UInt8(ascii: "\n")])
        }
        try write(header)
        for clip in clips { try write(clip) }
      }
    } catch {
      throw EvaluationError(error)
    }
  }
}

/// A decoder's complaint, in one sentence.
private func reason(of error: any Error) -> String {
  func place(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return path.isEmpty ? "" : " at " + path.joined(separator: ".")
  }
  return switch error as? DecodingError {
  case .keyNotFound(let key, let context): "'\(key.stringValue)' is missing\(place(context))"
  case .typeMismatch(let type, let context), .valueNotFound(let type, let context): "no \(type)\(place(context))"
  case .dataCorrupted(let context): context.debugDescription + place(context)
  default: "\(error)"
  }
}
