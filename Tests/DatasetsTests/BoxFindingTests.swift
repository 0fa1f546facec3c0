import Capture
import Detection
import Foundation
import Synchronization
import TestSupport
import Testing
import Video

@testable import Datasets

@Suite struct `Finding the people in recordings` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A bright bar a third of the picture high, which walks through a grey room from left to right.
  private func walk(_ name: String, frames: Int = 60) throws -> Clip {
    let (width, height) = (160, 120)
    let pictures = (0..<frames).map { frame in
      (0..<width * height).map { pixel -> UInt8 in
        let (x, y) = (pixel % width - 10 - 2 * frame, pixel / width)
        return (0..<20).contains(x) && (40..<100).contains(y) ? 230 : UInt8(90 + pixel % 7)
      }
    }
    try folder.writeGrey(name + ".avi", pictures, width: width, height: height)
    return Clip(name: name, label: 0, video: folder.path + "/\(name).avi")
  }

  @Test func `boxes are found by motion, with one file per recording`() throws {
    let clip = try walk("walk")
    let report = try BoxFinding(.motion, folder: folder.path).run([clip], workers: 1) { _, _ in true }
    #expect(report.found == 1 && report.kept == 0 && report.empty.isEmpty && report.broken.isEmpty)
    let file = try BoxesFile(path: BoxesFile.path(folder: folder.path, name: "walk"))
    let own = file.rows.filter { $0.person == file.mainPerson }
    #expect(own.count >= 3 && own.allSatisfy { $0.frame % 10 == 0 })
    for row in own where row.frame > 20 {
      let truth = PictureBox(
        x: Double(10 + 2 * row.frame) / 160, y: 40.0 / 120, width: 20.0 / 160, height: 60.0 / 120)
      #expect(row.box.overlap(truth) > 0.4, "frame \(row.frame): \(row.box)")
    }
  }

  @Test func `finding boxes continues where it was stopped, and keeps existing files`() throws {
    let clips = try (0..<4).map { try walk("walk\($0)", frames: 15) }
    let finding = BoxFinding(.motion, folder: folder.path)
    let first = try finding.run(clips, workers: 1) { done, total in done < 2 && total == 4 }
    #expect(first.found == 2)
    let kept = BoxesFile.path(folder: folder.path, name: "walk0")
    try BoxesFile([]).write(to: kept)
    let second = try finding.run(clips, workers: 2) { _, _ in true }
    #expect(second.found == 2 && second.kept == 2)
    #expect(try BoxesFile(path: kept).rows.isEmpty)
  }

  @Test func `finding boxes names recordings that cannot be read, and continues`() throws {
    let bad = Clip(name: "bad", label: 0, video: try folder.write("no video", as: "bad.avi"))
    let report = try BoxFinding(.motion, folder: folder.path).run(
      [bad, try walk("walk", frames: 15), Clip(name: "poses", label: 0)], workers: 1
    ) { _, total in total == 2 }
    #expect(report.found == 1 && report.broken.map(\.name) == ["bad"])
    #expect(report.broken[0].reason.hasPrefix(folder.path + "/bad.avi cannot be read: "))
  }

  @Test func `a detector that cannot be read is reported at once`() throws {
    let clip = try walk("walk", frames: 15)
    #expect(throws: DetectionError.self) {
      _ = try BoxFinding(.model(path: folder.path + "/none.onnx"), folder: folder.path).run([clip], workers: 1) {
        _, _ in
        Issue.record("a recording was opened although the model is missing")
        return true
      }
    }
  }

  @Test func `a sheet of found boxes shows boxes and squares`() throws {
    let clip = try walk("walk")
    try BoxesFile([.init(frame: 30, person: 1, box: PictureBox(x: 0.4, y: 0.3, width: 0.2, height: 0.6))])
      .write(to: BoxesFile.path(folder: folder.path, name: "walk"))
    try BoxSheet.write([clip], boxes: folder.path, to: folder.path + "/sheet.jpg")
    var media = try MediaFile(.file(folder.path + "/sheet.jpg"))
    var frame = Frame()
    guard case .frame = try media.next(into: &frame, timeout: .seconds(5)) else {
      Issue.record("no picture")
      return
    }
    #expect(frame.size == FrameSize(width: 6 * 213, height: 160))
  }
}

@Suite struct `Sheets of pictures` {
  @Test func `a sheet holds each picture in its cell, with boxes over it`() {
    var sheet = PictureSheet(columns: 2, rows: 2, cell: FrameSize(width: 4, height: 2))
    sheet.place([UInt8](repeating: 50, count: 8 * 4 * 3), FrameSize(width: 8, height: 4), column: 1, row: 1)
    sheet.outline(PictureBox(x: 0, y: 0, width: 0.5, height: 2), (1, 2, 3), column: 1, row: 1)
    let (pixels, size) = sheet.picture
    #expect(size == FrameSize(width: 8, height: 4))
    let reds = (0..<32).map { pixels[3 * $0] }
    #expect(reds == [UInt8](repeating: 0, count: 16) + [0, 0, 0, 0, 1, 1, 1, 50, 0, 0, 0, 0, 1, 1, 1, 50])
    sheet.outline(PictureBox(x: .nan, y: 0, width: 1, height: 1), (9, 9, 9), column: 0, row: 0)
    sheet.outline(PictureBox(x: 3, y: 3, width: 1, height: 1), (9, 9, 9), column: 0, row: 0)
    #expect(sheet.picture.pixels == pixels)
  }
}
