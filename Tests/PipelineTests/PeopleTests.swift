import Detection
import Networks
import People
import Recognition
import Testing
import Video

@testable import Pipeline

@Suite struct `A pipeline for people` {
  private func people(most: Int = 2) -> PipelineOptions.View {
    var following = PipelineOptions.Following()
    following.most = most
    return .people(following)
  }

  @Test func `a pipeline for people computes nothing while nobody is there, and says that it is empty`() throws {
    let drive = try Drive(view: people())
    drive.find = { _ in .success([]) }
    drive.play(60, from: .seconds(1))
    #expect(drive.windows.isEmpty)
    #expect(drive.situations == [.warmingUp, .empty])
    #expect(drive.counters.emptyHops == 27 && drive.counters.windows == 0)
    #expect(drive.tickets.map(\.sample) == Array(stride(from: 0, to: 60, by: 5)), "3 of 15 frames per second")
  }

  @Test func `a pipeline for people shows a masked picture of its region once a second, with matching boxes`() throws {
    func drive(_ interval: Duration?) throws -> Drive {
      let drive = try Drive(
        {
          $0.previewInterval = interval
          $0.region = try PictureRegion(x: 0.5, y: 0, width: 0.5, height: 1)
          $0.mask = try PrivacyMask(polygons: [
            [PrivacyMask.Point(x: 0.5, y: 0), .init(x: 1, y: 0), .init(x: 1, y: 0.5), .init(x: 0.5, y: 0.5)]
          ])
        }, view: people())
      drive.find = { _ in .success([standing(at: 0.5)]) }
      drive.play(15 * 6, from: .seconds(1), picture: 200)
      return drive
    }
    #expect(try drive(nil).previews.isEmpty)
    let pictures = try drive(.seconds(1)).previews
    #expect(pictures.count == 6)
    let last = try #require(pictures.last)
    #expect(last.size == FrameSize(width: 32, height: 48) && last.pixels.count == 32 * 48 * 3)
    #expect(last.pixels[0] == 0 && last.pixels[32 * 40 * 3] > 150)
    let box = try #require(last.boxes.first)
    #expect(abs(box.x + box.width / 2 - 0.5) < 0.05, "boxes match the picture that is shown")
  }

  @Test func `a pipeline gives each person separate windows, and every start its end when they leave`() throws {
    let drive = try Drive(view: people())
    drive.find = { time in
      .success(
        time < .seconds(8)
          ? [standing(at: 0.2), standing(at: 0.8)] : time < .seconds(16) ? [standing(at: 0.8)] : [])
    }
    drive.score = { $0.person == 1 ? [0.9, 0.05, 0.05] : [0.05, 0.9, 0.05] }
    drive.play(15 * 22, from: .seconds(1))
    #expect(Set(drive.windows.map(\.person)) == [1, 2])
    #expect(
      Set(drive.story.prefix(5)) == ["online", "entered 1", "entered 2", "start Walk of 1", "start Sit of 2"])
    #expect(
      drive.story.dropFirst(5) == [
        "end Walk of 1 person_left", "left 1 person_left", "end Sit of 2 person_left", "left 2 person_left",
      ])
    #expect(drive.situations.last == .empty)
    for case .left(let person, let time, _) in drive.said {
      let seen: Duration = person.id == 1 ? .seconds(8) : .seconds(16)
      #expect((seen - .seconds(0.5)...seen).contains(time), "the person left when last seen")
    }
  }

  @Test func `a pipeline decides on families for each person`() throws {
    let grouping = LabelGrouping(
      labels: Drive.labels, families: [LabelFamily(name: "Move", labels: ["Walk", "Sit"])])
    let drive = try Drive({ $0.recognition.on = 0.8 }, view: people(), grouping: grouping)
    drive.find = { _ in .success([standing(at: 0.2), standing(at: 0.8)]) }
    drive.score = { $0.person == 1 ? [0.4, 0.45, 0.15] : [0.4, 0.3, 0.3] }
    drive.play(60, from: .seconds(1))
    #expect(drive.story.contains("start Move of 1") && !drive.story.contains("start Move of 2"))
    let members = drive.said.compactMap {
      if case .activity(.started(let activity), _, _) = $0 { activity.member } else { nil }
    }
    #expect(members == [1])
  }

  @Test func `a person's first window is ready as soon as they are known, if there are enough pictures`() throws {
    let drive = try Drive(view: people())
    drive.find = { $0 < .seconds(10) ? .success([]) : .success([standing(at: 0.5)]) }
    drive.play(15 * 12, from: .seconds(1))
    let first = try #require(drive.windows.first)
    let entered = try #require(
      drive.said.firstIndex { if case .entered = $0 { true } else { false } })
    #expect(first.window.firstTime < .seconds(11) && first.window.lastTime < .seconds(11.4))
    #expect(drive.said.count > entered)
  }

  @Test func `a pipeline serves people in turn if there are too many, and counts those who wait`() throws {
    let drive = try Drive(view: people(most: 1))
    drive.find = { _ in .success([standing(at: 0.2), standing(at: 0.5), standing(at: 0.8)]) }
    drive.play(150, from: .seconds(1))
    let counts = Dictionary(grouping: drive.windows, by: \.person).mapValues(\.count)
    let (least, most) = (counts.values.min() ?? 0, counts.values.max() ?? 0)
    #expect(counts.count == 3 && most - least <= 1)
    #expect(drive.counters.unservedHops == 2 * drive.windows.count)
  }

  @Test(arguments: [1, 3, 4]) func `a finder that is late but keeps up changes nothing`(delay: Int) throws {
    func story(_ delay: Int) throws -> [String] {
      let drive = try Drive(view: people())
      drive.finderDelay = delay
      drive.find = { time in
        .success(
          time < .seconds(9) ? [standing(at: 0.1 + (time - .seconds(1)) / .seconds(20))] : [standing(at: 0.9)])
      }
      drive.play(15 * 14, from: .seconds(1))
      return drive.windows.map { "\($0.person ?? 0) \($0.window.lastSample)" } + drive.story
    }
    #expect(try story(delay) == story(0))
  }

  @Test func `a failing finder is reported once, and people stay where they are`() throws {
    let drive = try Drive(view: people())
    drive.find = { time in
      (.seconds(4)..<Duration.seconds(20)).contains(time) ? .failure(Self.failure) : .success([standing(at: 0.5)])
    }
    drive.play(15 * 19, from: .seconds(1))
    #expect(drive.story == ["online", "entered 1", "start Walk of 1", "finder failed"])
    #expect(drive.windows.last?.person == 1)
    drive.play(15, from: .seconds(20))
    #expect(drive.story.contains("finder works"))
  }

  private static let failure = DetectionError.failed(reason: "no memory")

  @Test func `a lost camera ends all activities, and nobody keeps their number`() throws {
    let drive = try Drive(view: people())
    drive.find = { _ in .success([standing(at: 0.5)]) }
    let end = drive.play(45, from: .seconds(1))
    drive.serve(drive.pipeline.lose(.offline, at: end, reason: "unplugged"))
    drive.play(45, from: end + .seconds(5))
    #expect(
      drive.story == [
        "online", "entered 1", "start Walk of 1", "end Walk of 1 camera_lost", "left 1 camera_lost", "offline",
        "online", "entered 2", "start Walk of 2",
      ])
  }

  @Test func `a departed person is only removed once their last windows are scored`() throws {
    let drive = try Drive(view: people())
    drive.score = nil
    drive.find = { $0 < .seconds(4) ? .success([standing(at: 0.5)]) : .success([]) }
    drive.play(15 * 12, from: .seconds(1))
    #expect(drive.story == ["online", "entered 1"])
    for order in drive.windows { drive.serve(drive.pipeline.take([0.9, 0.05, 0.05], for: order)) }
    #expect(
      drive.story == ["online", "entered 1", "start Walk of 1", "end Walk of 1 person_left", "left 1 person_left"])
  }

  @Test func `another picture size ends everyone and starts over`() throws {
    let drive = try Drive(view: people())
    drive.find = { _ in .success([standing(at: 0.5)]) }
    let end = drive.play(45, from: .seconds(1))
    drive.play(45, from: end, size: FrameSize(width: 96, height: 48))
    #expect(drive.story.contains("left 1 person_left") && drive.story.contains("entered 2"))
  }
}
