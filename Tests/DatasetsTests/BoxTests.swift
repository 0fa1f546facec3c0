import Basics
import Capture
import Foundation
import Networks
import People
import TestSupport
import Testing
import Video

@testable import Datasets

/// A box of 0.2 x 0.5 whose left edge is at `x`.
private func box(_ x: Double) -> PictureBox { PictureBox(x: x, y: 0.3, width: 0.2, height: 0.5) }

@Suite struct `Squares of training windows` {
  private let picture = FrameSize(width: 320, height: 240)

  @Test func `training squares follow the live pipeline's rule, one finder interval late`() {
    let entries = (0..<12).map { BoxTrack.Entry(frame: 10 * $0, box: box(0.05 * Double($0))) }
    let track = BoxTrack(entries, framesPerSecond: 30)
    for last in 0..<130 {
      var region = PersonRegion()
      var square = region.update(entries[0].box, at: .zero, picture: picture)
      for entry in entries.dropFirst() where entry.frame <= last - 10 {
        square = region.update(entry.box, at: .seconds(Double(entry.frame) / 30), picture: picture)
      }
      #expect(track.square(upTo: last, in: picture) == square, "frame \(last)")
    }
    #expect(track.square(upTo: 0, in: picture) != track.square(upTo: 129, in: picture))
  }

  @Test func `training squares for a part follow the person in that part`() {
    let rows =
      stride(from: 0, through: 200, by: 10).map { BoxesFile.Row(frame: $0, person: 1, box: box(0.1)) }
      + stride(from: 240, through: 340, by: 10).map { BoxesFile.Row(frame: $0, person: 2, box: box(0.6)) }
    let file = BoxesFile(rows)
    #expect(file.track(framesPerSecond: 30).entries.allSatisfy { $0.box == box(0.1) })
    #expect(file.track(framesPerSecond: 30, part: 250..<330).entries.allSatisfy { $0.box == box(0.6) })
    #expect(
      file.track(framesPerSecond: 30, part: 210..<230).entries.count == 21,
      "a part without anybody uses the main person")
  }

  @Test func `the training square is the whole picture if nobody was found`() {
    let square = BoxTrack([], framesPerSecond: 30).square(upTo: 64, in: picture)
    #expect(square == PixelRectangle(x: 0, y: 0, width: 320, height: 240))
  }

  @Test func `training squares show the pixels that the live pipeline cuts`() throws {
    let folder = try TemporaryFolder()
    let path = try folder.writeColorVideo("v.avi", frames: 40, width: 96, height: 64)
    let rows = (0..<4).map { BoxesFile.Row(frame: 10 * $0, person: 3, box: box(0.1 + 0.12 * Double($0))) }
    try BoxesFile(rows).write(to: BoxesFile.path(folder: folder.path, name: "made"))
    var options = ClipOptions()
    options.frames = 8
    options.stride = 4
    options.preprocessing = ClipPreprocessing(size: 12)
    options.region = .person
    options.boxes = folder.path
    let clip = Clip(name: "made", label: 0, video: path)
    let loaded = try ClipLoader(options, graph: .ntu25).load(clip, .windows(.paper))
    #expect(loaded.count == 2)

    // As in the daemon: the whole picture to a working picture, and the person's square from that.
    let rate = try RecordedVideo(path).information().rate
    for window in loaded {
      let last = try #require(window.frameIndices.max())
      let size = FrameSize(width: 96, height: 64)
      let square = BoxTrack(rows.map { .init(frame: $0.frame, box: $0.box) }, framesPerSecond: rate)
        .square(upTo: last, in: size)
      #expect(square.width < 96)
      var media = try MediaFile(.file(path))
      var working = FramePreprocessor(.working(WorkingPicture()))
      var cutter = FramePreprocessor(try ClipPreprocessing(size: 12, square: square, of: size))
      var ring = PictureRing(capacity: 1)
      var (frame, expected): (Frame, [UInt8]) = (Frame(), [])
      for index in 0...last {
        guard case .frame = try media.next(into: &frame, timeout: .seconds(5)) else { break }
        guard window.frameIndices.contains(index) else { continue }
        var pixels: [UInt8] = []
        let workingSize = try working.process(&frame, into: &pixels)
        let sample = Sample(index: index, time: .zero, frameTime: .zero, sequence: index)
        ring.append(sample, pixels, size: workingSize)
        var (_, picture) = ring.picture(age: 0)
        try cutter.process(&picture, into: &pixels)
        expected += pixels
      }
      #expect(window.pixels == expected)
    }
  }
}

@Suite struct `Boxes of skeleton files` {
  @Test func `boxes from skeletons surround a body's joints in the colour picture, whatever the video's size`() throws {
    var places = PictureJoints(picture: FrameSize(width: 1920, height: 1080))
    places.frames = [[[SIMD2(960, 270), SIMD2(1152, 810), SIMD2(.nan, 5), SIMD2(9_000, 0)]], [[]], []]
    let box = try #require(places.box(0, 0, video: FrameSize(width: 320, height: 240)))
    let edge = 0.08 * 540
    #expect(abs(box.x - (960 - edge) / 1920) < 1e-9 && abs(box.right - (1152 + edge) / 1920) < 1e-9)
    #expect(abs(box.y - (270 - edge) / 1080) < 1e-9 && abs(box.bottom - (810 + edge) / 1080) < 1e-9)
    for (frame, slot) in [(0, 1), (1, 0), (2, 0), (3, 0)] {
      #expect(places.box(frame, slot, video: FrameSize(width: 320, height: 240)) == nil)
    }
  }

  @Test func `boxes from skeletons are in video pixels if the format has no picture of its own`() throws {
    var places = PictureJoints(picture: nil)
    places.frames = [[[SIMD2(160, 60), SIMD2(160, 180)]]]
    let box = try #require(places.box(0, 0, video: FrameSize(width: 320, height: 240)))
    #expect(abs(box.centerX - 0.5) < 1e-9 && abs(box.centerY - 0.5) < 1e-9 && abs(box.height - 139.2 / 240) < 1e-9)
  }

  @Test func `recordings whose skeletons have picture positions are recognised as having boxes`() throws {
    let folder = try TemporaryFolder()
    try folder.writeVideo("v.avi", frames: 4)
    func dataset(_ skeleton: String) throws -> Dataset {
      let list = try folder.write("video,label,split,skeleton\nv.avi,a,train,\(skeleton)\n", as: "list.csv")
      return try Dataset.open(DatasetOptions(kind: .manifest, videos: "", manifest: list))
    }
    try folder.write(ntuText([[noddingPlace]]), as: "v.skeleton")
    #expect(try dataset("v.skeleton").hasBoxes)
    let poses = (0..<39).map { "\($0)" }.joined(separator: ",")
    try folder.write(#"{"frames": [[{"pose3d": [\#(poses)]}]]}"#, as: "v.json")
    #expect(try !dataset("v.json").hasBoxes)
    #expect(try !dataset("").hasBoxes)
  }

  private var noddingPlace: [SIMD3<Float>] { madeBody(1) }
}

@Suite struct `Boxes files` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `boxes files are read back as they were written`() throws {
    let file = BoxesFile([
      .init(frame: 0, person: 2, box: PictureBox(x: -0.1, y: 1.0 / 3, width: 0.25, height: 0.7)),
      .init(frame: 10, person: 2, box: box(0.1)), .init(frame: 10, person: 5, box: box(0.6)),
    ])
    let path = BoxesFile.path(folder: folder.path, name: "a/b")
    try file.write(to: path)
    #expect(path.hasSuffix("/a_b.boxes.csv"))
    #expect(try BoxesFile(path: path) == file)
    try BoxesFile([]).write(to: path)
    #expect(try BoxesFile(path: path).rows.isEmpty && BoxesFile(path: path).mainPerson == nil)
  }

  @Test func `the main person is the one present most, among several the largest`() {
    func row(_ frame: Int, _ person: Int, _ width: Double) -> BoxesFile.Row {
      .init(frame: frame, person: person, box: PictureBox(x: 0, y: 0, width: width, height: 1))
    }
    #expect(BoxesFile([row(0, 4, 0.1), row(0, 7, 0.9), row(1, 4, 0.1)]).mainPerson == 4)
    #expect(BoxesFile([row(0, 4, 0.1), row(0, 7, 0.9)]).mainPerson == 7)
    #expect(BoxesFile([row(0, 4, 0.5), row(0, 7, 0.5)]).mainPerson == 4)
  }

  @Test(arguments: [
    ("", "its first line is not 'frame,person,x,y,width,height'"),
    ("frame,person,x,y,width,height\n0,1,0,0,1\n", "line 2: six numbers"),
    ("frame,person,x,y,width,height\n0,1,0,0,1,x\n", "line 2: six numbers"),
    ("frame,person,x,y,width,height\n5,1,0,0,1,1\n4,1,0,0,1,1\n", "line 3: six numbers are expected, frames in order"),
  ])
  func `damaged boxes files are refused with the line`(text: String, reason: String) throws {
    let path = try folder.write(text, as: "a.boxes.csv")
    #expect(failure { _ = try BoxesFile(path: path) }.contains(reason))
  }
}
