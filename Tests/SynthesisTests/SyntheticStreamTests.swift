import Capture
import Testing
import Video

@testable import Synthesis

@Suite struct `Streams of two people` {
  private static let size = FrameSize(width: 64, height: 48)
  private let dataset = SyntheticDataset(SyntheticOptions(folder: "", clips: 3, seed: 1))

  private func stream(_ seconds: Double, seed: UInt64, rate: Int = 10) -> SyntheticStream {
    SyntheticStream(seconds: seconds, dataset: dataset, subjects: [1001, 2001], rate: rate, seed: seed)
  }

  private func day(_ people: Int, seed: UInt64) -> (take: Take, rig: CameraRig) {
    dataset.day(
      seconds: 120, of: SyntheticAction.allCases, subjects: Array([1001, 2001].prefix(people)), rate: 10, seed: seed)
  }

  private func overlap(_ a: Sighting.Box, _ b: Sighting.Box) -> Bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
  }

  @Test func `streams of two people tell who does what, and each does something else`() {
    let truths = stream(120, seed: 3).truths
    #expect(truths == stream(120, seed: 3, rate: 30).truths)
    let each = (1...2).map { person in truths.filter { $0.person == person } }
    for own in each {
      #expect(own.count > 8)
      #expect(zip(own, own.dropFirst()).allSatisfy { $0.end <= $1.begin + 1e-3 })
    }
    #expect(each[0].map(\.action) != each[1].map(\.action))
    let pairs = each[0].flatMap { a in each[1].filter { $0.begin < a.end && a.begin < $0.end }.map { (a, $0) } }
    #expect(pairs.count { $0.action != $1.action } > pairs.count / 2)
    #expect(zip(truths, truths.dropFirst()).allSatisfy { $0.begin <= $1.begin })
  }

  /// One-person streams as they were before there were others.
  @Test func `streams of two people leave a stream of one unchanged`() {
    let dataset = SyntheticDataset(SyntheticOptions(folder: "", clips: 3, seed: 7))
    let one = SyntheticStream(seconds: 20, dataset: dataset, subjects: [1008], seed: 7)
    #expect(
      one.truths.map { "\($0.action.label) \(Int(($0.begin * 100).rounded())) \(Int(($0.end * 100).rounded()))" }
        == ["idle 0 534", "Fall 591 778", "Getup 799 1107", "Walk 1202 1589", "Leave 1589 2124"])
    #expect(one.truths.allSatisfy { $0.person == 1 })
  }

  @Test func `streams of two people keep them apart except briefly`() {
    for seed in UInt64(1)...6 {
      let (take, _) = day(2, seed: seed)
      let frames = (0..<take.frameCount).map { frame in
        let time = Float(frame) / Float(take.rate)
        let hips = take.people.map { $0.performance.skeleton(at: time)[.spineBase] }
        let isIn = hips.allSatisfy { $0.x > take.room.stage.door.x }
        let way = (hips[0] - hips[1]) * SIMD3(1, 0, 1)
        return isIn && way.length < 0.25
      }
      let longest = frames.split(separator: false).map(\.count).max() ?? 0
      #expect(longest <= 25, "seed \(seed): \(longest) tenths of a second in one place")
    }
  }

  @Test(arguments: [1, 2]) func `streams of two people have boxes around the visible parts`(people: Int) {
    let (take, rig) = day(people, seed: 5)
    let (width, height) = (Float(Self.size.width), Float(Self.size.height))
    for camera in 0..<3 {
      let view = rig.views[camera]
      var shooting = Take.Camera(take, view, rig.films[camera], size: Self.size)
      var pixels: [UInt8] = []
      for frame in stride(from: 0, to: take.frameCount, by: 40) {
        let skeletons = shooting.shoot(frame, into: &pixels)
        let sightings = shooting.sightings(frame, skeletons)
        #expect(sightings.count == people)
        for (skeleton, sighting) in zip(skeletons, sightings) {
          let box = sighting.box
          #expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 1.0001 && box.y + box.height <= 1.0001)
          #expect((skeleton == nil) == (sighting.posture == nil))
          guard let skeleton else {
            #expect(sighting == Sighting())
            continue
          }
          for joint in skeleton.joints {
            let seen = view.seen(joint)
            let x = 0.5 + view.focal * seen.x / seen.z * height / width
            let y = 0.5 - view.focal * seen.y / seen.z
            guard seen.z > 0.3, (0...1).contains(x), (0...1).contains(y) else { continue }
            #expect(x >= box.x - 1e-4 && x <= box.x + box.width + 1e-4)
            #expect(y >= box.y - 1e-4 && y <= box.y + box.height + 1e-4)
          }
        }
      }
    }
  }

  @Test func `rendered people's boxes are as large as what is drawn`() {
    let (take, rig) = day(1, seed: 5)
    let skeleton = take.people[0].performance.skeleton(at: 1)
    let (body, looks) = (take.people[0].performance.manner.body, take.people[0].looks)
    var canvas = Canvas(width: 320, height: 240, view: rig.views[1], lighting: take.room.lighting)
    Figure.draw(skeleton, body, looks, on: &canvas)
    let drawn = canvas.depths.indices.filter { canvas.depths[$0] < .infinity }
    let (columns, rows) = (drawn.map { $0 % 320 }, drawn.map { $0 / 320 })
    let box = canvas.bounds(Figure.rods(skeleton, body, looks))
    #expect(abs(box.x * 320 - Float(columns.min() ?? 0)) < 1.5)
    #expect(abs((box.x + box.width) * 320 - Float((columns.max() ?? 0) + 1)) < 1.5)
    #expect(abs(box.y * 240 - Float(rows.min() ?? 0)) < 1.5)
    #expect(abs((box.y + box.height) * 240 - Float((rows.max() ?? 0) + 1)) < 1.5)
  }

  @Test func `streams of two people let them cross, with the nearer one in front`() throws {
    let (take, rig) = day(2, seed: 3)
    let view = rig.views[1]
    let empty = Canvas(width: Self.size.width, height: Self.size.height, view: view, lighting: take.room.lighting)
    var (crossings, apart, covered) = (0, 0, 0)
    for frame in stride(from: 0, to: take.frameCount, by: 5) {
      let skeletons = take.skeletons(frame).compactMap { $0 }
      guard skeletons.count == 2 else { continue }
      let alone = zip(take.people, skeletons).map { person, skeleton in
        var canvas = empty
        Figure.draw(skeleton, person.performance.manner.body, person.looks, on: &canvas)
        return canvas
      }
      let boxes = zip(take.people, skeletons).map {
        empty.bounds(Figure.rods($1, $0.performance.manner.body, $0.looks))
      }
      guard overlap(boxes[0], boxes[1]) else {
        apart += 1
        continue
      }
      crossings += 1
      // Whoever is drawn first.
      for order in [[0, 1], [1, 0]] {
        var both = empty
        for index in order {
          let person = take.people[index]
          Figure.draw(skeletons[index], person.performance.manner.body, person.looks, on: &both)
        }
        for pixel in both.depths.indices {
          let (a, b) = (alone[0].depths[pixel], alone[1].depths[pixel])
          guard a != b else { continue }
          let nearer = a < b ? 0 : 1
          #expect(both.depths[pixel] == min(a, b))
          #expect(both.colors[pixel] == alone[nearer].colors[pixel])
          if max(a, b) < .infinity { covered += 1 }
        }
      }
    }
    #expect(crossings > 5 && apart > 5 && covered > 50)
  }

  @Test func `streams of two people render the same for the same seed, and give their postures`() {
    func watch() -> (pixels: [UInt8], sightings: [[Sighting]]) {
      var (all, seen): ([UInt8], [[Sighting]]) = ([], [])
      stream(30, seed: 3, rate: 5).render(camera: 0, size: Self.size) { frame, pixels, sightings in
        if frame % 20 == 0 { all += pixels }
        seen.append(sightings)
      }
      return (all, seen)
    }
    let (a, b) = (watch(), watch())
    #expect(a.pixels == b.pixels)
    #expect(a.sightings == b.sightings)
    #expect(a.sightings.allSatisfy { $0.count == 2 })
    #expect(a.sightings[5].allSatisfy { $0.posture == .standing })
  }

  @Test func `rendered people's postures follow their actions`() throws {
    let (take, _) = day(2, seed: 3)
    for person in take.people {
      for (action, _, end) in person.performance.actions {
        let posture = person.performance.situation(at: end + 0.01).posture
        switch action {
        case .sitDown, .useLaptop, .useTablet: #expect(posture == .sitting)
        case .lieDown, .fall: #expect(posture == .lying)
        case .standUp, .getUp, .walk: #expect(posture == .standing)
        default: break
        }
      }
    }
  }
}
