import Foundation
import Networks

/// Users' own recordings: a CSV file with one line per clip.
///
/// Columns by name: video, label, split (train, validation or test); optional skeleton, subject, camera, name, and
/// begin and end in seconds for a part of the recording. Paths are relative to the CSV file. Skeletons are NTU's
/// `.skeleton`, or LCR-Net's or N-UCLA's `.json`, all of one kind.
enum Manifest {
  private static let required = ["video", "label", "split"]
  private static let known = required + ["skeleton", "subject", "camera", "name", "begin", "end"]
  private static let largestFile = 256 << 20

  static func open(_ options: DatasetOptions) throws(DatasetError) -> Dataset {
    guard let path = options.manifest, !path.isEmpty else {
      throw .refused(
        setting: "data.manifest", value: "", allowed: "a CSV file with the columns \(known.joined(separator: ", "))")
    }
    let (header, rows) = try table(path)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    let entries = try rows.map { row throws(DatasetError) in
      try Entry(row.fields, header, line: row.line, folder: folder, path: path)
    }
    guard !entries.isEmpty else { throw .unreadable(path: path, reason: "it lists no recordings") }
    return try dataset(entries, path)
  }

  /// The first line, and all others with their line numbers.
  ///
  /// - Parameter path: the CSV file.
  /// - Returns: rows with as many fields as the header.
  /// - Throws: `DatasetError` if it is not a list of recordings.
  static func table(_ path: String) throws(DatasetError) -> (header: [String], rows: [(line: Int, fields: [String])]) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .missing(path: path, purpose: "data.manifest lists the recordings")
    }
    guard data.count <= largestFile, let text = String(data: data, encoding: .utf8) else {
      throw .unreadable(path: path, reason: "it is not UTF-8 text of at most 256 MiB")
    }
    var rows: [(line: Int, fields: [String])] = []
    // Excel starts UTF-8 files with a byte order mark.
    let lines = text.hasPrefix("\u{feff}") ? text.dropFirst() : text[...]
    for (index, line) in lines.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
    where !line.allSatisfy(\.isWhitespace) {
      rows.append((index + 1, try fields(line, path, index + 1)))
    }
    guard let header = rows.first?.fields else { throw .unreadable(path: path, reason: "it is empty") }
    if header.first?.hasPrefix("sep=") == true || (header.count == 1 && header[0].contains { ";\t".contains($0) }) {
      throw .unreadable(
        path: path, reason: "its columns must be separated by commas; save it as CSV with commas, without a line sep=")
    }
    for column in required where !header.contains(column) {
      throw .unreadable(path: path, reason: "its first line has no column \(column)")
    }
    for column in header where !known.contains(column) {
      throw .unreadable(
        path: path, reason: "its first line has a column '\(column)'; columns are \(known.joined(separator: ", "))")
    }
    for column in known where header.count(where: { $0 == column }) > 1 {
      throw .unreadable(path: path, reason: "its first line has two columns \(column)")
    }
    for row in rows.dropFirst() where row.fields.count != header.count {
      throw .unreadable(
        path: path, reason: "line \(row.line) has \(row.fields.count) fields, but the first line has \(header.count)")
    }
    return (header, Array(rows.dropFirst()))
  }

  private struct Entry {
    var partition: Partition
    var label: String
    var clip: Clip

    init(_ fields: [String], _ header: [String], line: Int, folder: URL, path: String) throws(DatasetError) {
      func unreadable(_ reason: String) -> DatasetError { .unreadable(path: path, reason: "line \(line): \(reason)") }
      let values = Dictionary(zip(header, fields)) { $1 }
      func file(_ column: String) -> String? {
        guard let value = values[column], !value.isEmpty else { return nil }
        return value.hasPrefix("/") ? value : folder.appendingPathComponent(value).path
      }
      func number(_ column: String) throws(DatasetError) -> Int? {
        guard let value = values[column], !value.isEmpty else { return nil }
        guard let number = Int(value) else { throw unreadable("\(column) is '\(value)', which is not a number") }
        return number
      }
      guard let split = values["split"], let partition = Partition(rawValue: split) else {
        throw unreadable("split is '\(values["split"] ?? "")'; it must be train, validation or test")
      }
      guard let label = values["label"], !label.isEmpty else { throw unreadable("label is empty") }
      let (video, skeleton) = (file("video"), file("skeleton"))
      guard video != nil || skeleton != nil else { throw unreadable("neither a video nor a skeleton") }
      self.partition = partition
      self.label = label
      let stem = URL(fileURLWithPath: video ?? skeleton ?? "").deletingPathExtension().lastPathComponent
      func seconds(_ column: String) throws(DatasetError) -> Double? {
        guard let value = values[column], !value.isEmpty else { return nil }
        guard let seconds = Double(value), (0...1e6).contains(seconds) else {
          throw unreadable("\(column) is '\(value)', which is not a number of seconds")
        }
        return seconds
      }
      let (begin, end) = (try seconds("begin"), try seconds("end"))
      guard (begin == nil) == (end == nil) else { throw unreadable("a part has both a begin and an end") }
      var part: Range<Double>?
      if let begin, let end {
        guard begin < end else { throw unreadable("it begins at \(begin) s and ends at \(end) s") }
        part = begin..<end
      }
      let given = values["name"].flatMap { $0.isEmpty ? nil : $0 }
      // Parts of a recording are distinguished by their start.
      let name = given ?? (begin.map { "\(stem)@\($0)" } ?? stem)
      clip = Clip(
        name: name, label: 0, subject: try number("subject"), camera: try number("camera"), video: video,
        skeleton: skeleton, recording: part == nil ? name : stem, part: part)
    }
  }

  private static func dataset(_ entries: [Entry], _ path: String) throws(DatasetError) -> Dataset {
    let labels = Set(entries.map(\.label)).sorted()
    let indices = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    var names: Set<String> = []
    var clips: [(Partition, Clip)] = []
    var recordings: [String: Clip] = [:]
    for entry in entries {
      guard names.insert(entry.clip.name).inserted else {
        throw .unreadable(path: path, reason: "'\(entry.clip.name)' appears twice; a column name can tell them apart")
      }
      let key = BoxesFile.path(folder: "", name: entry.clip.recording)
      let same = recordings[key, default: entry.clip]
      // Boxes files and the cache identify recordings by name.
      guard same.video == entry.clip.video, same.skeleton == entry.clip.skeleton else {
        throw .unreadable(
          path: path,
          reason:
            "two recordings are called '\(entry.clip.recording)': \(same.files) and \(entry.clip.files); rename one"
        )
      }
      recordings[key] = entry.clip
      var clip = entry.clip
      clip.label = indices[entry.label] ?? 0
      clips.append((entry.partition, clip))
    }
    return Dataset(
      name: URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent, protocolName: "manifest",
      labels: labels, graph: try graph(clips.compactMap(\.1.skeleton), path), clips: clips, inventory: Inventory())
  }

  /// The skeleton format, judged by the files.
  private static func graph(_ skeletons: [String], _ path: String) throws(DatasetError) -> SkeletonGraph {
    guard let first = skeletons.first else { return .ntu25 }
    let isNTU = first.hasSuffix(".skeleton")
    guard skeletons.allSatisfy({ $0.hasSuffix(".skeleton") == isNTU }) else {
      throw .unreadable(path: path, reason: "it mixes .skeleton files with others")
    }
    if isNTU { return .ntu25 }
    let failures = [SkeletonGraph.smarthome15, .kinect20].map { graph in
      do throws(DatasetError) {
        _ = try SkeletonFile.read(first, graph)
        return (graph, nil as DatasetError?)
      } catch {
        return (graph, error)
      }
    }
    if let readable = failures.first(where: { $0.1 == nil }) { return readable.0 }
    throw failures[0].1 ?? .unreadable(path: first, reason: "it is not a skeleton file")
  }

  /// Splits a line into fields; quotes protect commas, and two quotes stand for one.
  private static func fields(_ line: Substring, _ path: String, _ number: Int) throws(DatasetError) -> [String] {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var rest = line[...]
    while let character = rest.popFirst() {
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        field.append("\"")
        rest = rest.dropFirst()
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        fields.append(field)
        field = ""
      default: field.append(character)
      }
    }
    guard !isQuoted else { throw .unreadable(path: path, reason: "line \(number): a quote is not closed") }
    return (fields + [field]).map { $0.trimmingCharacters(in: .whitespaces) }
  }
}

extension Clip {
  fileprivate var files: String { [video, skeleton].compactMap(\.self).joined(separator: " with ") }
}
