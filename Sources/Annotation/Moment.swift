import Pipeline
import Recognition
import Video

/// What a result says about one time of the recording.
struct Moment: Equatable, Sendable {
  struct Candidate: Equatable, Sendable {
    var label: String
    /// 0 to 1.
    var share: Float
  }

  /// Somebody, or the whole scene.
  struct Subject: Equatable, Sendable {
    /// `nil` for the scene.
    var person: Int?
    /// In fractions of the picture; `nil` for the scene.
    var box: PictureBox?
    /// What is going on, with its confidence.
    var activity: Candidate?
    /// The three most probable activities, best first.
    var top: [Candidate]
  }

  /// By the numbers of people.
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
  /// Frames that come after the last one that was looked at still show where somebody was then.
  private static let patience = Duration.milliseconds(100)

  /// Where the person is, on the way from one place that is known to the next; `nil` before they are found and once
  /// they are gone.
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
  /// How far beyond a window's ends it is still shown, where none is nearer.
  private static let reach = Duration.seconds(1)

  /// The activity that is going on.
  func activity(at time: Duration) -> FileRecognition.FinishedActivity? {
    activities.lastIndex(upTo: time, by: \.onset).map { activities[$0] }.flatMap { time < $0.offset ? $0 : nil }
  }

  /// The window whose middle is nearest, if it lies near that time at all.
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
  /// The box that lies so far on the way to another, 0 to 1.
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
