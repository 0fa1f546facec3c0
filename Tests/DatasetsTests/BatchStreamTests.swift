import Foundation
import Networks
import TestSupport
import Testing
import Video

@testable import Datasets

@Suite(.timeLimit(.minutes(5))) struct `Batches decoded ahead` {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func loader(_ content: ClipContent) -> ClipLoader {
    var options = ClipOptions()
    options.frames = 4
    options.preprocessing = ClipPreprocessing(size: 4)
    options.content = content
    options.poseFrames = 4
    return ClipLoader(options, graph: .ntu25)
  }

  /// Requests for one skeleton file, some of which name a missing file.
  private func requests(_ count: Int, broken: Set<Int>) throws -> [BatchStream.Request] {
    let path = try folder.write(ntuText([[madeBody(1)]]), as: "p.skeleton")
    return (0..<count).map { index in
      let skeleton = broken.contains(index) ? "/no/\(index).skeleton" : path
      return (Clip(name: "clip \(index)", label: 0, skeleton: skeleton), .centre)
    }
  }

  private func batches(_ requests: [BatchStream.Request], of size: Int) -> [[BatchStream.Request]] {
    stride(from: 0, to: requests.count, by: size).map { Array(requests[$0..<min($0 + size, requests.count)]) }
  }

  private func drain(_ stream: BatchStream) throws -> [[LoadedClip]] {
    var batches: [[LoadedClip]] = []
    while let batch = try stream.next() { batches.append(batch) }
    return batches
  }

  @Test func `batches are the same for any number of threads`() throws {
    var requests: [BatchStream.Request] = try (0..<9).map { index in
      let video = try folder.writeVideo("\(index).avi", frames: 3 + 7 * index)
      return (Clip(name: "\(index)", label: index, video: video), .random(seed: UInt64(index)))
    }
    for index in [1, 5] { requests[index].clip.video = "/no/\(index).avi" }
    requests[8].draw = .windows(.paper)
    func contents(workers: Int, ahead: Int) throws -> ([[String]], [[UInt8]], [String]) {
      let stream = BatchStream(loader(.video), batches(requests, of: 2), workers: workers, ahead: ahead)
      let batches = try drain(stream)
      return (batches.map { $0.map(\.clip.name) }, batches.joined().map(\.pixels), stream.skipped.map(\.name))
    }
    let alone = try contents(workers: 1, ahead: 1)
    let windows = ClipSampling(frames: 4).windows(count: 59, .paper).count
    #expect(alone.0 == [["0"], ["2", "3"], ["4"], ["6", "7"], [String](repeating: "8", count: windows)])
    #expect(alone.2 == ["1", "5"])
    for (workers, ahead) in [(4, 1), (4, 3), (2, 9)] {
      let others = try contents(workers: workers, ahead: ahead)
      #expect(others.0 == alone.0 && others.1 == alone.1 && others.2 == alone.2)
    }
  }

  @Test func `batches skip what cannot be read, list it and continue`() throws {
    let stream = BatchStream(loader(.pose), batches(try requests(10, broken: [0, 3, 4]), of: 5), workers: 3, ahead: 2)
    let found = try drain(stream)
    #expect(found.map { $0.map(\.clip.name) } == [["clip 1", "clip 2"], (5..<10).map { "clip \($0)" }])
    #expect(stream.skipped.map(\.name) == ["clip 0", "clip 3", "clip 4"])
    #expect(stream.skipped[0].reason == "/no/0.skeleton is missing: it should hold the poses of a recording")
    #expect(try stream.next() == nil, "after the end there are no more batches")
    #expect(stream.waited > .zero)
  }

  @Test(arguments: [1, 4]) func `batches stop when more than one clip in a hundred is skipped`(workers: Int) throws {
    // Five of 500 are one per cent; the sixth exceeds it.
    let bearable = BatchStream(
      loader(.pose), batches(try requests(500, broken: [0, 1, 2, 3, 499]), of: 10), workers: workers, ahead: 2)
    #expect(try drain(bearable).map(\.count).reduce(0, +) == 495)
    let broken = batches(try requests(500, broken: [0, 1, 2, 11, 25, 36, 499]), of: 10)
    let stream = BatchStream(loader(.pose), broken, workers: workers, ahead: 2)
    for _ in 0..<3 { _ = try stream.next() }
    let reasons = [0, 1, 2, 11, 25].map {
      "clip \($0): /no/\($0).skeleton is missing: it should hold the poses of a recording"
    }
    #expect(
      failure { _ = try stream.next() }
        == "6 of 500 clips could not be read, more than 1 %: \(reasons.joined(separator: "; ")); `adl-train data check` lists them all"
    )
    #expect(try stream.next() == nil)
  }

  @Test func `batches are not loaded further ahead than requested`() throws {
    let late = folder.path + "/late.skeleton"
    var all = try requests(3, broken: [])
    all[2].clip.skeleton = late
    let stream = BatchStream(loader(.pose), batches(all, of: 1), workers: 2, ahead: 1)
    #expect(try stream.next()?.count == 1)
    // The third batch may only start once the second is taken.
    try folder.write(ntuText([[madeBody(1)]]), as: "late.skeleton")
    #expect(try stream.next()?.count == 1)
    #expect(try stream.next()?.count == 1)
    #expect(try stream.next() == nil)
  }

  @Test func `batches end with their threads when cancelled`() async throws {
    weak var remains: BatchStream?
    do {
      let stream = BatchStream(loader(.pose), batches(try requests(100, broken: []), of: 2), workers: 4, ahead: 2)
      remains = stream
      #expect(try stream.next()?.count == 2)
      stream.cancel()
      #expect(try stream.next() == nil)
    }
    // Each thread holds the stream until it ends; the time limit fails what never does.
    while remains != nil { await Task.yield() }
  }

  @Test func `an empty list of batches ends at once`() throws {
    let none = BatchStream(loader(.pose), [], workers: 2, ahead: 1)
    #expect(try none.next() == nil)
    let empty = BatchStream(loader(.pose), [[], try requests(1, broken: []), []], workers: 2, ahead: 1)
    #expect(try drain(empty).map(\.count) == [0, 1, 0])
  }
}
