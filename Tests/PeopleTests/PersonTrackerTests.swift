import Basics
import Foundation
import Testing
import Video

@testable import People

@Suite struct `Tracked people` {
  @Test func `people keep their numbers when they cross in front of each other`() {
    var (kept, all) = (0, 0)
    for seed in 0..<200 as Range<UInt64> {
      let seen = Observation(of: .crossing(seed), seconds: 30, seed: seed)
      kept += seen.kept
      all += seen.ids.count
    }
    #expect(Double(kept) >= 0.82 * Double(all), "\(kept) of \(all)")
  }

  @Test func `people keep their numbers behind an obstacle for up to two seconds`() {
    var (kept, all) = (0, 0)
    for seed in 0..<200 as Range<UInt64> {
      let seen = Observation(of: .screened(seed), seconds: 40, seed: seed)
      kept += seen.kept
      all += seen.ids.count
    }
    #expect(Double(kept) >= 0.95 * Double(all), "\(kept) of \(all)")
  }

  @Test func `people come, stand and go, one to four at a time, with a finder that misses and invents`() {
    var (kept, all) = (0, 0)
    for seed in 0..<200 as Range<UInt64> {
      let room = SimulatedRoom.busy(seed)
      let seen = Observation(of: room, seconds: 40, seed: seed)
      kept += seen.kept
      all += seen.ids.count
      #expect(seen.most <= room.actors.count + 2, "seed \(seed)")
    }
    #expect(Double(kept) >= 0.65 * Double(all), "\(kept) of \(all)")
  }

  @Test func `people get the same numbers for the same boxes`() {
    for seed in 0..<20 as Range<UInt64> {
      #expect(
        Observation(of: .busy(seed), seconds: 30, seed: seed).changes
          == Observation(of: .busy(seed), seconds: 30, seed: seed).changes)
    }
  }

  @Test func `people stay while they sit still for an hour`() {
    var room = SimulatedRoom()
    room.actors = [Actor(height: 0.4, path: [(0, 0.8, 0.5), (4000, 0.8, 0.5001)])]
    room.falseBoxes = 0
    let seen = Observation(of: room, seconds: 3600, seed: 1)
    #expect(seen.entered.count == 1 && seen.ids == [0: [1]])
  }

  @Test func `people stay where they stopped, with a finder that only sees motion`() {
    var options = TrackerOptions()
    options.keepsStill = true
    var tracker = PersonTracker(options, aspect: 4.0 / 3)
    let box = ScoredBox(box: PictureBox(x: 0.4, y: 0.3, width: 0.15, height: 0.6), score: 0.8)
    for step in 0..<12 { _ = tracker.update([box], at: .seconds(Double(step) / 3)) }
    for step in 12..<1500 { #expect(tracker.update([], at: .seconds(Double(step) / 3)).isEmpty, "step \(step)") }
    #expect(tracker.people.count == 1)
    let late = tracker.update([], at: .seconds(700))
    #expect(late.count == 1 && tracker.people.isEmpty)
  }

  @Test func `an arm that moved before the body did is not somebody keeping still, but a person elsewhere is`() {
    for (part, isPerson) in [
      (PictureBox(x: 0.45, y: 0.35, width: 0.06, height: 0.25), false),
      (PictureBox(x: 0.75, y: 0.35, width: 0.06, height: 0.25), true),
    ] {
      var options = TrackerOptions()
      options.keepsStill = true
      var tracker = PersonTracker(options, aspect: 4.0 / 3)
      let whole = ScoredBox(box: PictureBox(x: 0.35, y: 0.2, width: 0.25, height: 0.75), score: 0.8)
      for step in 0..<12 {
        _ = tracker.update([ScoredBox(box: part, score: 0.8), whole], at: .seconds(Double(step) / 3))
      }
      for step in 12..<60 { _ = tracker.update([whole], at: .seconds(Double(step) / 3)) }
      #expect(tracker.people.count == (isPerson ? 2 : 1), "\(tracker.people)")
    }
  }

  @Test func `boxes that are not finite, lie outside, or come by the thousand are not people`() {
    var tracker = PersonTracker(aspect: 1)
    let odd = [
      PictureBox(x: .nan, y: 0, width: 1, height: 1), PictureBox(x: 0, y: 0, width: .infinity, height: 1),
      PictureBox(x: 5, y: 5, width: 1, height: 1), PictureBox(x: 0.5, y: 0.5, width: 0, height: 0.3),
      PictureBox(x: 0.5, y: 0.5, width: -1, height: -1),
    ]
    for step in 0..<10 {
      _ = tracker.update(odd.map { ScoredBox(box: $0, score: 0.9) }, at: .seconds(step))
      _ = tracker.update([ScoredBox(box: .whole, score: .nan)], at: .seconds(step))
    }
    #expect(tracker.people.isEmpty)
    var random = SplitMix64(seed: 3)
    for step in 10..<20 {
      let crowd = (0..<5000).map { _ in
        ScoredBox(
          box: PictureBox(
            x: Double.random(in: 0...0.9, using: &random), y: Double.random(in: 0...0.9, using: &random), width: 0.1,
            height: 0.1), score: Float.random(in: 0...1, using: &random))
      }
      _ = tracker.update(crowd, at: .seconds(step))
    }
    #expect(tracker.people.count <= 64)
  }

  @Test func `people leave with the time they were last seen`() {
    var tracker = PersonTracker(aspect: 1)
    let box = ScoredBox(box: PictureBox(x: 0.4, y: 0.3, width: 0.15, height: 0.6), score: 0.8)
    var changes: [PersonChange] = []
    for step in 0..<6 { changes += tracker.update([box], at: .seconds(Double(step) / 3)) }
    #expect(changes.count == 1)
    for step in 6..<30 { changes += tracker.update([], at: .seconds(Double(step) / 3)) }
    guard case .left(let person, let time) = changes.last else {
      Issue.record("\(changes)")
      return
    }
    #expect(person.id == 1 && time == .seconds(5.0 / 3))
  }
}

@Suite struct `The square around a person` {
  private let picture = FrameSize(width: 640, height: 480)

  @Test func `the square around a person lies in the picture and contains the box if possible`() {
    for seed in 0..<2000 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let size = FrameSize(
        width: Int.random(in: 20...800, using: &random), height: Int.random(in: 20...800, using: &random))
      let box = PictureBox(
        x: Double.random(in: -0.2...0.9, using: &random), y: Double.random(in: -0.2...0.9, using: &random),
        width: Double.random(in: 0.01...1, using: &random), height: Double.random(in: 0.01...1, using: &random))
      let square = PersonRegion.square(around: box, in: size)
      #expect(square.x >= 0 && square.y >= 0 && square.width > 0 && square.height > 0, "seed \(seed)")
      #expect(square.x + square.width <= size.width && square.y + square.height <= size.height, "seed \(seed)")
      #expect(square.width == square.height || max(square.width, square.height) >= min(size.width, size.height))
      guard let visible = box.inPicture else { continue }
      #expect(Double(square.x) <= visible.x * Double(size.width) + 1, "seed \(seed)")
      #expect(Double(square.y + square.height) >= visible.bottom * Double(size.height) - 1, "seed \(seed)")
    }
  }

  @Test func `the square stays for a seated person whose box jitters`() {
    var random = SplitMix64(seed: 5)
    var region = PersonRegion()
    for step in 0..<600 {
      let shake = { Double.random(in: -0.02...0.02, using: &random) }
      let box = PictureBox(x: 0.4 + shake(), y: 0.4 + shake(), width: 0.15 + shake(), height: 0.4 + shake())
      _ = region.update(box, at: .seconds(Double(step) / 3), picture: picture)
    }
    #expect(region.placements <= 2)
  }

  @Test func `the square moves once for a person who goes elsewhere, and not for every step`() {
    var region = PersonRegion()
    var squares: [PixelRectangle] = []
    for step in 0..<60 {
      let x = 0.1 + 0.6 * min(1, Double(max(0, step - 20)) / 15)
      let box = PictureBox(x: x, y: 0.3, width: 0.12, height: 0.5)
      squares.append(region.update(box, at: .seconds(Double(step) / 3), picture: picture))
    }
    #expect(region.placements < 8)
    #expect(Set(squares.prefix(20)).count == 1 && Set(squares.suffix(20)).count == 1)
    #expect(squares.first != squares.last)
  }
}
