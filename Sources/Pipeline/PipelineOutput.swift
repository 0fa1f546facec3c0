package import Recognition
package import Video

/// The response of a `CameraPipeline` to its inputs.
package enum PipelineOutput: Sendable {
  /// Frames arrive, or no longer do; the reason is for people.
  case condition(CameraCondition, reason: String)
  /// What is going on, if it changed.
  case situation(Situation)
  /// Somebody entered.
  case entered(PersonView)
  /// Somebody left, and was last seen at this time.
  case left(PersonView, at: Duration, EndReason)
  /// Where everyone was at this time, according to the finder.
  case placed([PersonView], at: Duration)
  /// An activity changed; the window is the one that decided it, if any.
  case activity(ActivityChange, PersonView?, WindowDescription?)
  /// The network's scores for a window.
  case scored(ActivityScores, PersonView?, WindowDescription)
  /// To be scored by the network: pass the scores to `take(_:for:)`, or the order to `skip`.
  case window(WindowOrder, ClipWindow)
  /// To be searched by the finder: pass its answer to `take(found:in:)`, or drop the ticket.
  case picture(PictureTicket, Frame)
  /// A picture for people to look at.
  case preview(PreviewPicture)
  /// Frames arrive too rarely to fill a window.
  case slow(reason: String)
  /// The network cannot keep up: windows are skipped.
  case degraded(reason: String)
  /// The network keeps up again.
  case recovered(reason: String)
  /// Frames cannot be used; a reason is only reported when it changes.
  case skippedFrame(reason: String)
  /// The finder failed; known people are kept where they are.
  case finderFailed(reason: String)
  /// The finder works again.
  case finderRecovered
}

/// Whether frames arrive.
package enum CameraCondition: String, Equatable, Sendable {
  case online, stalled, offline
}

/// Why frames stopped.
package enum CameraLoss: Equatable, Sendable {
  case offline
  case ended
  case shutdown
  /// The daemon continues with other settings.
  case configChange

  var endReason: EndReason {
    switch self {
    case .offline: .cameraLost
    case .ended: .sourceEnded
    case .shutdown: .shutdown
    case .configChange: .configChange
    }
  }
}

/// A person as seen by subscribers.
package struct PersonView: Equatable, Sendable {
  /// Counts from 1; unique within a camera.
  package var id: Int
  /// In fractions of the camera's whole picture.
  package var box: PictureBox
  package var since: Duration
}

/// What is going on in front of a camera.
package struct Situation: Equatable, Sendable {
  package enum Word: Equatable, Sendable {
    case noSignal, warmingUp, idle, unknown
    /// Nobody is there, so nothing is computed.
    case empty
    case activity(index: Int, member: Int? = nil)
  }

  package struct Occupant: Equatable, Sendable {
    package var person: PersonView
    package var state: RecognitionState
    package var since: Duration
  }

  package var condition: CameraCondition
  package var word: Word
  /// Since when `word` has been true.
  package var since: Duration
  /// The person whose activity `word` names; `nil` if the whole scene is analysed, or nobody is there.
  package var person: Int?
  /// Everyone present; `nil` if the whole scene is analysed.
  package var people: [Occupant]?

  /// Equal except for people's positions: movement alone is not worth a message.
  func says(_ other: Situation) -> Bool {
    condition == other.condition && word == other.word && person == other.person
      && people?.map(\.person.id) == other.people?.map(\.person.id)
      && people?.map(\.state) == other.people?.map(\.state)
  }
}

/// Identifies a window waiting for the network.
package struct WindowOrder: Equatable, Sendable {
  /// Counts how often frames stopped: earlier orders are useless afterwards.
  let session: Int
  package let person: Int?
  package private(set) var window: WindowDescription

  /// The order for a window that many samples earlier.
  func earlier(by samples: Int, at rate: SampleRate) -> WindowOrder {
    guard samples > 0 else { return self }
    let time = Duration.seconds(Double(samples) / rate.hertz)
    var order = self
    order.window.firstSample -= samples
    order.window.lastSample -= samples
    order.window.firstTime -= time
    order.window.lastTime -= time
    return order
  }
}

/// A window's properties, without its pixels.
package struct WindowDescription: Equatable, Sendable {
  package var frames: Int
  package var firstSample: Int
  package var lastSample: Int
  package var firstTime: Duration
  package var lastTime: Duration
  package var dropped: Int
  package var repeated: Int
  package var motion: Float

  init(_ window: ClipWindow) {
    frames = window.frames
    firstSample = window.firstSample
    lastSample = window.lastSample
    firstTime = window.firstTime
    lastTime = window.lastTime
    dropped = window.dropped
    repeated = window.repeated
    motion = window.motion
  }

  package func scores(_ activities: ActivityScores) -> WindowScores {
    WindowScores(activities, begin: firstTime, end: lastTime, motion: motion)
  }
}

/// Identifies a picture waiting for the finder.
package struct PictureTicket: Equatable, Sendable {
  let session: Int
  /// Number and time of the sample.
  package let sample: Int
  package let time: Duration
}

/// A pipeline's counters since it was created.
package struct PipelineCounters: Equatable, Sendable {
  package var stream = FrameSampler.Counters()
  /// Chosen frames decoded with damage.
  package var damaged = 0
  /// Windows scored.
  package var windows = 0
  /// Windows not scored in time.
  package var skippedHops = 0
  /// Hops when nobody was there, so nothing was computed.
  package var emptyHops = 0
  /// Windows not scored because nothing moved.
  package var stillHops = 0
  /// Windows not scored because there were too many people.
  package var unservedHops = 0
  /// Pictures searched by the finder.
  package var finds = 0
}
