import Recognition
import Testing
import Video

@testable import Pipeline

@Suite struct `A pipeline that looks at the scene` {
  @Test func `orders a window when it is full and at every hop after`() throws {
    let drive = try Drive()
    drive.play(20, from: .seconds(1))
    #expect(drive.windows.map(\.window.lastSample) == [7, 9, 11, 13, 15, 17, 19])
    #expect(drive.windows.allSatisfy { $0.person == nil && $0.window.frames == 8 })
    #expect(drive.story == ["online", "start Walk"])
    #expect(drive.situations == [.warmingUp, .activity(index: 0)])
  }

  @Test func `counts a camera as stalled after the time of its settings and not before`() throws {
    let drive = try Drive({ $0.stallTime = .seconds(30) })
    drive.play(10, from: .seconds(1))
    let last = Duration.seconds(1) + SampleRate(15).offset(ofTick: 9)
    drive.serve(drive.pipeline.tick(at: last + .seconds(29.9)))
    #expect(drive.condition == .online)
    drive.serve(drive.pipeline.tick(at: last + .seconds(30.1)))
    #expect(drive.isStalled)
    #expect(drive.story == ["online", "start Walk", "end Walk camera_lost", "stalled"])
    // It is said once, however long it lasts and however often the source is opened again.
    drive.serve(drive.pipeline.tick(at: last + .seconds(60)))
    drive.pipeline.open(at: last + .seconds(61))
    drive.serve(drive.pipeline.tick(at: last + .seconds(92)))
    #expect(drive.isStalled && drive.story.count == 4)
    drive.play(1, from: .seconds(200))
    #expect(drive.story.last == "online")
  }

  @Test func `a source that opens and gives nothing stalls too`() throws {
    let drive = try Drive()
    drive.pipeline.open(at: .seconds(5))
    drive.serve(drive.pipeline.tick(at: .seconds(6.9)))
    #expect(drive.story.isEmpty)
    drive.serve(drive.pipeline.tick(at: .seconds(7.1)))
    #expect(drive.story == ["stalled"])
  }

  @Test func `a jump of the clock fills the window anew and keeps what is going on`() throws {
    let drive = try Drive()
    let end = drive.play(12, from: .seconds(1))
    let before = drive.windows.count
    drive.score = { _ in [0.05, 0.9, 0.05] }
    drive.play(7, from: end + .seconds(10))
    #expect(drive.windows.count == before, "no window spans the jump")
    drive.play(5, from: end + .seconds(10) + SampleRate(15).offset(ofTick: 7))
    #expect(drive.windows.count > before)
    #expect(drive.windows.last.map { $0.window.firstTime >= end + .seconds(10) } == true)
    #expect(drive.story == ["online", "start Walk", "end Walk below_threshold", "start Sit"])
  }

  @Test func `scores of before a loss decide nothing after it`() throws {
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
