import Networks

/// Weizmann's actions as space-time shapes: ten actions by nine actors, one of whom is the test set.
///
/// Files are named `actor_action`, such as `daria_bend`; if an actor repeats an action, a number follows. There is no
/// published validation set: the actor after the test actor is used. Skeletons come from `scripts/poses-from-video`.
///
/// - Source: Gorelick et al., Actions as Space-Time Shapes, 2007, leave-one-out protocol.
struct Weizmann: PublishedDataset {
  static let actors = ["daria", "denis", "eli", "ido", "ira", "lena", "lyova", "moshe", "shahar"]
  private static let actions = ["bend", "jack", "jump", "pjump", "run", "side", "skip", "walk", "wave1", "wave2"]

  let options: DatasetOptions
  let labels = [
    "bend", "jumping jack", "jump forward", "jump in place", "run", "gallop sideways", "skip", "walk", "wave one hand",
    "wave two hands",
  ]
  private let testActor: Int

  var name: String { "Weizmann" }
  var graph: SkeletonGraph { .ntu25 }
  var validationMayTrain: Bool { true }

  init(_ options: DatasetOptions) throws(DatasetError) {
    self.options = options
    guard let actor = Self.actors.firstIndex(of: options.protocolName) else {
      throw options.refusedProtocol("the test actor: " + Self.actors.joined(separator: ", "))
    }
    testActor = actor
  }

  func clip(named name: String) -> (clip: Clip, partition: Partition?)? {
    let parts = name.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, let actor = Self.actors.firstIndex(of: String(parts[0])),
      let label = Self.actions.firstIndex(where: { action in
        // A take's number is one digit; `wave1` is a separate action.
        parts[1] == action || (parts[1].dropLast() == action && parts[1].last?.isWholeNumber ?? false)
      })
    else { return nil }
    let clip = Clip(name: name, label: label, subject: actor + 1)
    switch actor {
    case testActor: return (clip, .test)
    case (testActor + 1) % Self.actors.count: return (clip, .validation)
    default: return (clip, .train)
    }
  }
}
