import Testing

/// Prometheus' text format, parsed strictly: whatever a scraper might reject is an error.
///
/// - Source: Prometheus, Exposition formats, text format 0.0.4, and the naming conventions.
struct Exposition {
  struct Sample {
    var name: String
    var labels: [String: String]
    var value: Double
  }

  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  private(set) var samples: [Sample] = []

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Failure(description: "the last line has no end") }
    var help: Set<String> = []
    var types: [String: String] = [:]
    var current = ""
    var seen: Set<String> = []
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      func fail(_ reason: String) -> Failure { Failure(description: "\(reason): \(line)") }
      if let match = line.wholeMatch(of: /# HELP ([a-z][a-z0-9_]*) (\S.*)/) {
        current = String(match.1)
        guard help.insert(current).inserted else { throw fail("described twice") }
      } else if let match = line.wholeMatch(of: /# TYPE ([a-z][a-z0-9_]*) (counter|gauge|histogram)/) {
        guard match.1 == current, types[current] == nil else { throw fail("a type without its description before it") }
        types[current] = String(match.2)
        guard (match.2 == "counter") == current.hasSuffix("_total") else { throw fail("counters end in _total") }
      } else {
        let sample = try Self.sample(line)
        let isHistogram = types[current] == "histogram"
        let names = isHistogram ? ["_bucket", "_sum", "_count"].map { current + $0 } : [current]
        guard types[current] != nil, names.contains(sample.name) else { throw fail("not of the metric above it") }
        guard seen.insert("\(sample.name) \(sample.labels.sorted { $0.key < $1.key })").inserted else {
          throw fail("said twice")
        }
        guard types[current] == "gauge" || sample.value >= 0 else { throw fail("less than nothing") }
        samples.append(sample)
      }
    }
    guard help == Set(types.keys) else { throw Failure(description: "a description without a type") }
    for name in types.keys where types[name] == "histogram" { try checkHistogram(name) }
  }

  private static func sample(_ line: Substring) throws -> Sample {
    func fail(_ reason: String) -> Failure { Failure(description: "\(reason): \(line)") }
    guard
      let match = line.wholeMatch(
        of:
          /([a-z][a-z0-9_]*)(?:\{((?:[a-z_][a-z0-9_]*="(?:[^"\\]|\\[\\"n])*",?)*)\})? (\+Inf|-Inf|NaN|-?[0-9.]+(?:e[+-]?[0-9]+)?)/
      )
    else { throw fail("no sample") }
    var labels: [String: String] = [:]
    for label in (match.2 ?? "").matches(of: /([a-z_][a-z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"/) {
      var (value, rest) = ("", label.2)
      while let letter = rest.popFirst() {
        guard letter == "\\" else {
          value.append(letter)
          continue
        }
        let escaped = rest.popFirst()
        value.append(escaped == "n" ? "\n" : escaped ?? "\\")
      }
      guard labels.updateValue(value, forKey: String(label.1)) == nil else { throw fail("a label twice") }
    }
    guard let value = Double(match.3 == "+Inf" ? "inf" : match.3 == "-Inf" ? "-inf" : String(match.3)) else {
      throw fail("no number")
    }
    return Sample(name: String(match.1), labels: labels, value: value)
  }

  /// Buckets increase, and the last one contains everything.
  private func checkHistogram(_ name: String) throws {
    let buckets = samples.filter { $0.name == name + "_bucket" }
    let bounds = buckets.map { $0.labels["le"] == "+Inf" ? .infinity : Double($0.labels["le"] ?? "") ?? .nan }
    let counts = buckets.map(\.value)
    let total = samples.first { $0.name == name + "_count" }?.value
    guard bounds == bounds.sorted(), bounds.last == .infinity, counts == counts.sorted(), counts.last == total,
      samples.contains(where: { $0.name == name + "_sum" })
    else { throw Failure(description: "\(name) is no histogram") }
  }
}
