import Basics
import People
import Testing
import Video

/// Compares a tracker's result with the truth of a simulated room.
struct Observation {
  /// The ids of each actor, in order, without consecutive repeats.
  var ids: [Int: [Int]] = [:]
  var changes: [PersonChange] = []
  /// The largest number of people at the same time.
  var most = 0

  /// Runs a tracker on a room.
  init(
    of room: SimulatedRoom, seconds: Double, rate: Double = 3, seed: UInt64, options: TrackerOptions = TrackerOptions()
  ) {
    var random = SplitMix64(seed: seed)
    var tracker = PersonTracker(options, aspect: room.aspect)
    var present: [Int: Person] = [:]
    for step in 0...Int(seconds * rate) {
      let time = Double(step) / rate
      let now = Duration.seconds(time)
      let news = tracker.update(room.boxes(at: time, using: &random), at: now)
      changes += news
      Self.apply(news, to: &present, seed)
      #expect(tracker.people.map(\.id) == present.keys.sorted(), "seed \(seed)")
      most = max(most, present.count)
      assign(tracker.people.filter { $0.lastSeen == now }, to: room.truth(at: time))
    }
    let news = tracker.end(at: .seconds(seconds))
    changes += news
    Self.apply(news, to: &present, seed)
    #expect(present.isEmpty && tracker.people.isEmpty, "seed \(seed)")
  }

  /// Follows changes as a listener would: everyone enters once, with the next number, and leaves once.
  static func apply(_ changes: [PersonChange], to present: inout [Int: Person], _ seed: UInt64) {
    for change in changes {
      switch change {
      case .entered(let person):
        #expect(present[person.id] == nil && person.since <= person.lastSeen, "seed \(seed)")
        present[person.id] = person
      case .left(let person, let at):
        #expect(present.removeValue(forKey: person.id) != nil, "seed \(seed)")
        #expect(at == person.lastSeen && at >= person.since, "seed \(seed)")
      }
    }
  }

  /// Notes whose box each person has, where it is unambiguous.
  private mutating func assign(_ people: [Person], to truth: [Int: PictureBox]) {
    for person in people {
      let overlaps = truth.map { (actor: $0.key, overlap: $0.value.overlap(person.box)) }
        .sorted { $0.overlap > $1.overlap }
      guard let best = overlaps.first, best.overlap > 0.4 else { continue }
      guard overlaps.count == 1 || overlaps[1].overlap < 0.15 else { continue }
      if ids[best.actor]?.last != person.id { ids[best.actor, default: []].append(person.id) }
    }
  }

  var entered: [Person] { changes.compactMap { if case .entered(let person) = $0 { person } else { nil } } }

  /// Actors who kept one id.
  var kept: Int { ids.values.count { $0.count == 1 } }

  /// Ids that more than one actor had.
  var swapped: Set<Int> {
    let owners = ids.flatMap { actor, ids in Set(ids).map { (id: $0, actor: actor) } }
    return Set(Dictionary(grouping: owners, by: \.id).filter { $0.value.count > 1 }.keys)
  }
}
