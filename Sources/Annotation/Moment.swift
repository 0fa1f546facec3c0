import Pipeline
import Recognition
import Video

/// What a result says about one point in time of the recording.
struct Moment: Equatable, Sendable {
  /// One of a subject's most probable labels.
  struct Candidate: Equatable, Sendable {
    var label: String
    /// Probability, 0 to 1.
    var share: Float
  }

  /// A person, or the whole scene.
  struct Subject: Equatable, Sendable {
    /// `nil` for the scene.
    var person: Int?
    /// In fractions of the picture; `nil` for the scene.
    var box: PictureBox?
    /// The activity going on, with its confidence.
    var activity: Candidate?
    /// The three most probable activities, best first.
    var top: [Candidate]
  }

  /// Ordered by person number.
  var subjects: [Subject]

  init(_ result: FileRecognition.Result, labels: [String], at time: Duration) {
    guard let people = result.people else {
      subjects = [Subject(person: nil, box: nil, result.scene, labels, time)]
      return
    }
    subjects = people.compactMap { person in
      guard let box = person.box(at: time) else { return nil }
      return Subject(person: person.id, box: box, person.timeline, labels, time)
    }
  }
}

extension Moment.Subject {
  init(person: Int?, box: PictureBox?, _ timeline: FileRecognition.Timeline, _ labels: [String], _ time: Duration) {
    self.person = person
    self.box = box
    activity = timeline.activity(at: time).map {
      Moment.Candidate(label: labels[$0.index], share: $0.confidence)
    }
    top =
      timeline.window(at: time).map { window in
        let shares = window.scores.probabilities
        let order = shares.indices.sorted { (shares[$0], -$0) > (shares[$1], -$1) }
        return order.prefix(3).map { Moment.Candidate(label: labels[$0], share: shares[$0]) }
      } ?? []
  }
}

extension FileRecognition.FollowedPerson {
  /// How long after the last analysed frame a person's last position is still shown.
  private static let patience = Duration.milliseconds(100)

  /// Where the person is, interpolated between the nearest known positions; `nil` before the person is found and after
  /// they have left.
  func box(at time: Duration) -> PictureBox? {
    guard time <= until + Self.patience, let index = boxes.lastIndex(upTo: time, by: \.time) else { return nil }
    let (begin, from) = boxes[index]
    guard index + 1 < boxes.count else { return from }
    let (end, to) = boxes[index + 1]
    guard end > begin else { return to }
    return from.moved(to: to, share: (time - begin) / (end - begin))
  }
}

extension FileRecognition.Timeline {
  /// How far beyond its ends a window is still shown if no other is nearer.
  private static let reach = Duration.seconds(1)

  /// The activity going on at that time.
  func activity(at time: Duration) -> FileRecognition.FinishedActivity? {
    activities.lastIndex(upTo: time, by: \.onset).map { activities[$0] }.flatMap { time < $0.offset ? $0 : nil }
  }

  /// The window whose middle is nearest, if it is near enough.
  func window(at time: Duration) -> FileRecognition.Window? {
    let before = windows.lastIndex(upTo: time, by: \.middle)
    let near = [before, before.map { $0 + 1 } ?? 0].compactMap(\.self).filter(windows.indices.contains)
      .map { windows[$0] }
    func distance(_ window: FileRecognition.Window) -> Duration {
      window.middle > time ? window.middle - time : time - window.middle
    }
    let nearest = near.min { distance($0) < distance($1) }
    return nearest.flatMap { $0.time - Self.reach <= time && time <= $0.end + Self.reach ? $0 : nil }
  }
}

extension FileRecognition.Window {
  fileprivate var middle: Duration { time + (end - time) / 2 }
}

extension PictureBox {
  /// The box moved `share` (0 to 1) of the way to another.
  fileprivate func moved(to other: PictureBox, share: Double) -> PictureBox {
    func mixed(_ a: Double, _ b: Double) -> Double { a + (b - a) * share }
    return PictureBox(
      x: mixed(x, other.x), y: mixed(y, other.y), width: mixed(width, other.width), height: mixed(height, other.height))
  }
}

extension Array {
  /// Index of the last element whose time is not after this one.
  ///
  /// - Complexity: O(log count); the elements are in order of their times.
  fileprivate func lastIndex(upTo time: Duration, by timeOf: (Element) -> Duration) -> Int? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if timeOf(self[middle]) <= time { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? low - 1 : nil
  }
}
