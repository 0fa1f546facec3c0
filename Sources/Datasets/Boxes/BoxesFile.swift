import Basics
import Foundation
package import Video

/// The people found in a recording, as written by `adl-train boxes`: one CSV file per recording.
///
/// The header is `frame,person,x,y,width,height`; frames count from 0, people have the tracker's numbers, and the other
/// columns are fractions of the picture. A file with only the header means that nobody was found.
package struct BoxesFile: Equatable, Sendable {
  /// One person's box in one frame.
  package struct Row: Equatable, Sendable {
    package var frame: Int
    package var person: Int
    package var box: PictureBox

    package init(frame: Int, person: Int, box: PictureBox) {
      (self.frame, self.person, self.box) = (frame, person, box)
    }
  }

  private static let header = "frame,person,x,y,width,height"
  /// An hour with a few people takes less than a megabyte.
  private static let largestFile = 64 << 20

  package var rows: [Row]

  package init(_ rows: [Row]) { self.rows = rows }

  /// The path of a recording's boxes file.
  package static func path(folder: String, name: String) -> String {
    folder + "/" + name.replacing("/", with: "_") + ".boxes.csv"
  }

  /// - Throws: `DatasetError` that names the line.
  package init(path: String) throws(DatasetError) {
    guard let kind = fileKind(path) else {
      throw .missing(path: path, purpose: "it should say where people are; `adl-train boxes` makes it")
    }
    guard kind == .typeRegular, let handle = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(path: path, reason: "it is not a readable file")
    }
    let data: Data
    do {
      data = try handle.read(upToCount: Self.largestFile + 1) ?? Data()
    } catch {
      throw .unreadable(path: path, reason: reasonText(error))
    }
    guard data.count <= Self.largestFile, let text = String(data: data, encoding: .utf8) else {
      throw .unreadable(path: path, reason: "it is not UTF-8 text of at most 64 MiB")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    guard lines.first.map(String.init) == Self.header else {
      throw .unreadable(path: path, reason: "its first line is not '\(Self.header)'")
    }
    rows = []
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      let places = fields.dropFirst(2).compactMap { Double($0) }
      guard fields.count == 6, places.count == 4, let frame = Int(fields[0]), let person = Int(fields[1]), frame >= 0,
        frame >= rows.last?.frame ?? 0
      else {
        throw .unreadable(
          path: path, reason: "line \(index + 1): six numbers are expected, frames in order; it is '\(line.prefix(80))'"
        )
      }
      rows.append(
        Row(
          frame: frame, person: person,
          box: PictureBox(x: places[0], y: places[1], width: places[2], height: places[3])))
    }
  }

  /// Writes a temporary file, then renames it.
  ///
  /// - Throws: `DatasetError.unreadable` with the system's reason.
  package func write(to path: String) throws(DatasetError) {
    let lines =
      [Self.header]
      + rows.map { row in
        "\(row.frame),\(row.person),\(row.box.x),\(row.box.y),\(row.box.width),\(row.box.height)"
      }
    do {
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw .unreadable(path: path, reason: "it cannot be written: \(reasonText(error))")
    }
  }

  /// The person a recording is about: the one in most frames, among several the largest; `nil` if there is nobody.
  package var mainPerson: Int? { Self.mainPerson(of: rows) }

  private static func mainPerson(of rows: some Sequence<Row>) -> Int? {
    var sums: [Int: (count: Int, area: Double)] = [:]
    for row in rows {
      let sum = sums[row.person] ?? (0, 0)
      sums[row.person] = (sum.count + 1, sum.area + (row.box.inPicture?.area ?? 0))
    }
    return sums.max { ($0.value.count, $0.value.area, $1.key) < ($1.value.count, $1.value.area, $0.key) }?.key
  }

  /// The main person's boxes; for a part of a recording, those of its own main person.
  package func track(framesPerSecond: Double, part: Range<Int>? = nil) -> BoxTrack {
    let main = part.flatMap { part in Self.mainPerson(of: rows.lazy.filter { part.contains($0.frame) }) } ?? mainPerson
    return BoxTrack(
      rows.filter { $0.person == main }.map { BoxTrack.Entry(frame: $0.frame, box: $0.box) },
      framesPerSecond: framesPerSecond)
  }
}
