import Recognition
import Testing
import Video

@testable import Pipeline

@Suite struct `A pipeline for a scene` {
  @Test func `a pipeline for a scene orders a window when it is full and at every hop afterwards`() throws {
    let drive = try Drive()
    drive.play(20, from: .seconds(1))
    #expect(drive.windows.map(\.window.lastSample) == [7, 9, 11, 13, 15, 17, 19])
    #expect(drive.windows.allSatisfy { $0.person == nil && $0.window.frames == 8 })
    #expect(drive.story == ["online", "start Walk"])
    #expect(drive.situations == [.warmingUp, .activity(index: 0)])
  }

  @Test func `a camera counts as stalled after the time in its settings and not before`() throws {
    let drive = try Drive({ $0.stallTime = .seconds(30) })
    drive.play(10, from: .seconds(1))
    let last = Duration.seconds(1) + SampleRate(15).offset(ofTick: 9)
    drive.serve(drive.pipeline.tick(at: last + .seconds(29.9)))
    #expect(drive.condition == .online)
    drive.serve(drive.pipeline.tick(at: last + .seconds(30.1)))
    #expect(drive.isStalled)
    #expect(drive.story == ["online", "start Walk", "end Walk camera_lost", "stalled"])
    // Reported once, however long it lasts and however often the source is reopened.
    drive.serve(drive.pipeline.tick(at: last + .seconds(60)))
    drive.pipeline.open(at: last + .seconds(61))
    drive.serve(drive.pipeline.tick(at: last + .seconds(92)))
    #expect(drive.isStalled && drive.story.count == 4)
    drive.play(1, from: .seconds(200))
    #expect(drive.story.last == "online")
  }

  @Test func `a picture that stays bit-identical is reported as a stall, until it changes`() throws {
    let drive = try Drive({ $0.frozenTime = .seconds(20) })
    var end = drive.play(30, from: .seconds(1))
    end = drive.play(15 * 19, from: end, picture: 7)
    #expect(drive.story == ["online", "start Walk"] && !drive.pipeline.isFrozen)
    end = drive.play(30, from: end, picture: 7)
    let frozen = ["online", "start Walk", "end Walk camera_lost", "stalled"]
    #expect(drive.story == frozen && drive.pipeline.isFrozen)
    #expect(drive.reasons.last?.contains("bit for bit, for 20.0 s") == true)
    // Reopening it does not help.
    drive.pipeline.open(at: end)
    end = drive.play(3, from: end, picture: 7)
    #expect(drive.story == frozen && drive.pipeline.isFrozen)
    drive.pipeline.open(at: end)
    end = drive.play(1, from: end)
    #expect(drive.story == frozen + ["online"] && !drive.pipeline.isFrozen)
    // A camera that was lost meanwhile may come back with the same picture.
    drive.play(15 * 19, from: end, picture: 7)
    drive.serve(drive.pipeline.lose(.offline, at: end + .seconds(19), reason: "unplugged"))
    drive.play(15 * 19, from: end + .seconds(30), picture: 7)
    #expect(drive.condition == .online)
  }

  @Test func `a pipeline does not call a file's still picture frozen`() throws {
    let drive = try Drive()
    drive.play(15 * 200, from: .seconds(1), picture: 7)
    #expect(drive.condition == .online)
  }

  @Test func `a source that opens and delivers nothing stalls too`() throws {
    let drive = try Drive()
    drive.pipeline.open(at: .seconds(5))
    drive.serve(drive.pipeline.tick(at: .seconds(6.9)))
    #expect(drive.story.isEmpty)
    drive.serve(drive.pipeline.tick(at: .seconds(7.1)))
    #expect(drive.story == ["stalled"])
  }

  @Test func `unusable frames are reported as a stall, with the reason, once`() throws {
    let drive = try Drive()
    drive.pipeline.open(at: .seconds(1))
    drive.playGarbage(40, from: .seconds(1))
    #expect(drive.story == ["skipped", "stalled"])
    #expect(drive.reasons.last?.hasPrefix("frames are arriving, but none can be used: not a whole picture: ") == true)
    #expect(drive.isStalled)
    let end = drive.play(10, from: .seconds(10))
    #expect(drive.story == ["skipped", "stalled", "online", "start Walk"])
    // A few of them among good ones are skipped.
    drive.playGarbage(10, from: end)
    #expect(drive.condition == .online)
    drive.playGarbage(40, from: end + SampleRate(15).offset(ofTick: 10))
    #expect(drive.story.suffix(2) == ["end Walk camera_lost", "stalled"])
  }

  @Test func `a pipeline reports a source that skips all its frames`() throws {
    let drive = try Drive()
    drive.pipeline.open(at: .seconds(5))
    drive.serve(drive.pipeline.tick(at: .seconds(7.1), faulty: 61))
    #expect(drive.reasons == ["no usable frame for 2.0 s; 61 faulty ones"])
  }

  @Test func `a clock jump refills the window and ends what was going on`() throws {
    let drive = try Drive()
    let end = drive.play(12, from: .seconds(1))
    let before = drive.windows.count
    drive.score = { _ in [0.05, 0.9, 0.05] }
    drive.play(7, from: end + .seconds(10))
    #expect(drive.windows.count == before, "no window spans the jump")
    drive.play(5, from: end + .seconds(10) + SampleRate(15).offset(ofTick: 7))
    #expect(drive.windows.count > before)
    #expect(drive.windows.last.map { $0.window.firstTime >= end + .seconds(10) } == true)
    #expect(drive.story == ["online", "start Walk", "end Walk gap", "start Sit"])
    let offsets = drive.said.compactMap {
      if case .activity(.ended(let activity, _), _, _) = $0 { activity.offset } else { nil }
    }
    #expect(offsets.allSatisfy { $0 <= end })
  }

  @Test(arguments: [Duration.milliseconds(1100), .seconds(1800), .seconds(-20)])
  func `scores from before a gap start no activity after it`(hole: Duration) throws {
    let drive = try Drive()
    drive.score = nil
    let end = drive.play(8, from: .seconds(50))
    let order = try #require(drive.windows.first)
    drive.play(1, from: end + hole)
    drive.serve(drive.pipeline.take([0.9, 0.05, 0.05], for: order))
    #expect(drive.story == ["online"])
  }

  @Test(arguments: [0.2, 0.5, 0.9])
  func `a camera too slow for any window says so, and is not shown as warming up`(rate: Double) throws {
    let drive = try Drive()
    let frames = Int(20 * rate)
    for index in 0...max(4, frames) { drive.play(1, from: .seconds(10 + Double(index) / rate)) }
    #expect(drive.story == ["online", "slow: too slow: \(rate) frames per second; at least 2 are needed"])
    #expect(drive.situations == [.warmingUp, .unknown])
    drive.play(20, from: .seconds(200))
    #expect(drive.story.dropFirst(2) == ["online", "start Walk"], "it recovers and reports that")
  }

  @Test(arguments: [1.5, 2, 5, 10, 30, 60, 120, 240])
  func `any other rate fills windows and causes no complaint`(rate: Double) throws {
    let drive = try Drive()
    for index in 0...Int(8 * rate) { drive.play(1, from: .seconds(10 + Double(index) / rate)) }
    #expect(drive.story == ["online", "start Walk"])
    // 8 s are 120 samples; one window per second sample from the 8th on.
    #expect((55...57).contains(drive.windows.count), "\(drive.windows.count)")
  }

  @Test func `a pipeline reports frames that stop too often`() throws {
    let drive = try Drive { $0.frames = 60 }
    for part in 0..<6 { drive.play(30, from: .seconds(Double(part) * 4)) }
    #expect(
      drive.story == [
        "online", "slow: frames stop for more than 1 s so often that no window of 3.93 s is filled",
      ])
  }

  @Test func `a pipeline does not mistake a slow file for a short one`() throws {
    let drive = try Drive()
    for index in 0..<2 { drive.play(1, from: .seconds(2 * Double(index))) }
    drive.serve(drive.pipeline.finish())
    #expect(drive.windows.isEmpty)
    #expect(drive.story == ["online", "slow: too slow: 0.5 frames per second; at least 2 are needed"])
  }

  @Test func `a pipeline does not count frames that are not due as silence`() throws {
    let drive = try Drive()
    let end = drive.play(12, from: .seconds(1))
    for second in 1...30 {
      drive.pipeline.rest(at: end + .seconds(second))
      drive.serve(drive.pipeline.tick(at: end + .seconds(second) + .milliseconds(1900)))
    }
    #expect(drive.condition == .online)
  }

  @Test func `scores from before a loss decide nothing after it`() throws {
    let drive = try Drive()
    drive.score = nil
    let end = drive.play(8, from: .seconds(1))
    let order = try #require(drive.windows.first)
    drive.serve(drive.pipeline.lose(.offline, at: end, reason: "unplugged"))
    drive.serve(drive.pipeline.take([0.9, 0.05, 0.05], for: order))
    #expect(drive.story == ["online", "offline"])
    #expect(drive.counters.windows == 1)
  }

  @Test func `a recording shorter than a window is repeated to fill one`() throws {
    let drive = try Drive()
    drive.play(3, from: .zero)
    #expect(drive.windows.isEmpty)
    drive.serve(drive.pipeline.finish())
    drive.serve(drive.pipeline.lose(.ended, at: .seconds(1), reason: "over"))
    #expect(drive.windows.count == 1)
    #expect(drive.story == ["online", "start Walk", "end Walk source_ended", "offline"])
  }
}
