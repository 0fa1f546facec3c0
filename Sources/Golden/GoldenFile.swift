package import Foundation

/// Recorded outputs of the published networks with formula weights; for each tensor, statistics and samples.
package struct GoldenFile: Sendable {
  /// A recorded tensor.
  package struct Statistics: Decodable, Hashable, Sendable {
    package let shape: [Int]
    package let mean: Double
    package let std: Double
    package let l2: Double
    /// `samples[k]` is the value at `k · stride`, row-major.
    package let stride: Int
    package let samples: [Double]

    package init(shape: [Int], mean: Double, std: Double, l2: Double, stride: Int, samples: [Double]) {
      self.shape = shape
      self.mean = mean
      self.std = std
      self.l2 = l2
      self.stride = stride
      self.samples = samples
    }

    package var count: Int { shape.reduce(1, *) }
  }

  /// The recording of one network.
  package struct Entry: Sendable {
    package let name: String
    /// Tensors, ordered by name.
    package let tensors: [(name: String, statistics: Statistics)]
    /// Whole vectors, such as `logits`.
    package let vectors: [String: [Double]]
    /// Recordings of its parts, such as a teacher's attention.
    package let parts: [Entry]
  }

  package let seed: UInt64
  /// Ordered by name.
  package let entries: [Entry]

  /// The recording embedded in the program.
  package static func embedded() throws(GoldenError) -> GoldenFile {
    try GoldenFile(json: Data(PackageResources.golden_json), name: "built-in golden values")
  }

  /// Reads a recording.
  ///
  /// - Parameters:
  ///   - json: the file's bytes.
  ///   - name: the file's name in messages.
  /// - Throws: `GoldenError.malformed` that names what cannot be read.
  package init(json: Data, name: String) throws(GoldenError) {
    let top: [String: Field]
    do {
      top = try JSONDecoder().decode([String: Field].self, from: json)
    } catch {
      throw .malformed(file: name, reason: Self.reason(error))
    }
    guard case .number(let seed)? = top["seed"], let seed = UInt64(exactly: seed) else {
      throw .malformed(file: name, reason: "seed is missing or not a whole number")
    }
    self.seed = seed
    var entries: [Entry] = []
    for (key, value) in top.sorted(by: { $0.key < $1.key }) where key != "seed" {
      guard case .entry(let fields) = value else {
        throw .malformed(file: name, reason: "\(key) is not a list of tensors")
      }
      entries.append(try Self.entry(key, fields, file: name))
    }
    self.entries = entries
  }

  private static func entry(_ name: String, _ fields: [String: Field], file: String) throws(GoldenError) -> Entry {
    var tensors: [(name: String, statistics: Statistics)] = []
    var vectors: [String: [Double]] = [:]
    var parts: [Entry] = []
    for (key, field) in fields.sorted(by: { $0.key < $1.key }) {
      switch field {
      case .tensor(let statistics):
        // Samples must lie inside the tensor, whose size must not overflow.
        var count = 1
        for size in statistics.shape {
          let (product, overflow) = count.multipliedReportingOverflow(by: size)
          guard size > 0, !overflow, product <= 1 << 40 else {
            throw .malformed(file: file, reason: "\(name).\(key).shape is not a valid shape")
          }
          count = product
        }
        guard statistics.stride > 0, (statistics.samples.count - 1) <= (count - 1) / statistics.stride else {
          throw .malformed(file: file, reason: "\(name).\(key).samples do not fit its shape")
        }
        tensors.append((key, statistics))
      case .vector(let values): vectors[key] = values
      case .entry(let fields): parts.append(try Self.entry(key, fields, file: file))
      case .number: break  // A derived number; nothing to compare.
      }
    }
    return Entry(name: name, tensors: tensors, vectors: vectors, parts: parts)
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    switch error {
    case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
      .valueNotFound(_, let context):
      let path = context.codingPath.map(\.stringValue).joined(separator: ".")
      return (path.isEmpty ? "" : "\(path): ") + context.debugDescription
    @unknown default: return "\(error)"
    }
  }
}

/// A value in the recording, distinguished by its form.
private enum Field: Decodable {
  case number(Double)
  case vector([Double])
  case tensor(GoldenFile.Statistics)
  case entry([String: Field])

  init(from decoder: any Decoder) throws {
    // Each form is tried in turn; only the last one reports its error.
    let single = try decoder.singleValueContainer()
    if let number = try? single.decode(Double.self) {
      self = .number(number)
      return
    }
    if let vector = try? single.decode([Double].self) {
      self = .vector(vector)
      return
    }
    let keys = try decoder.container(keyedBy: Key.self)
    if keys.contains(Key(stringValue: "samples")) {
      self = .tensor(try GoldenFile.Statistics(from: decoder))
    } else {
      self = .entry(try [String: Field](from: decoder))
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

/// Why a recording cannot be used.
package enum GoldenError: Error, Equatable, CustomStringConvertible {
  case malformed(file: String, reason: String)
  case unreadable(file: String)

  package var description: String {
    switch self {
    case .malformed(let file, let reason): "\(file) is not a golden recording: \(reason)"
    case .unreadable(let file): "\(file) cannot be read; give --golden the path of a recording"
    }
  }
}
