package import Recognition
package import Video

/// What a `CameraPipeline` says after it was given something.
package enum PipelineOutput: Sendable {
  /// Frames arrive, or they don't any more; the reason is for people.
  case condition(CameraCondition, reason: String)
  /// What is going on, when it is not what was said last.
  case situation(Situation)
  /// Somebody has come.
  case entered(PersonView)
  /// Somebody is gone, and was last seen at this time.
  case left(PersonView, at: Duration, EndReason)
  /// Where everybody was at this time, as the finder's answer has it.
  case placed([PersonView], at: Duration)
  /// An activity changed; the window is what decided it, if one did.
  case activity(ActivityChange, PersonView?, WindowDescription?)
  /// What the network said about a window.
  case scored(ActivityScores, PersonView?, WindowDescription)
  /// To be run through the network: its scores go to `take(_:for:)`, or the order to `skip`.
  case window(WindowOrder, ClipWindow)
  /// To be looked at by the finder: its answer goes to `take(found:in:)`, or the ticket is forgotten.
  case picture(PictureTicket, Frame)
  /// For people to look at.
  case preview(PreviewPicture)
  /// Frames come too seldom for a window to be filled.
  case slow(reason: String)
  /// The network does not keep up: windows are skipped.
  case degraded(reason: String)
  /// It keeps up again.
  case recovered(reason: String)
  /// Frames cannot be used; each reason is told once, until another comes.
  case skippedFrame(reason: String)
  /// The finder failed; people who are known are kept where they are.
  case finderFailed(reason: String)
  /// The finder works again.
  case finderRecovered
}

/// Whether frames arrive.
package enum CameraCondition: String, Equatable, Sendable {
  case online, stalled, offline
}

/// Why frames stop.
package enum CameraLoss: Equatable, Sendable {
  case offline
  case ended
  case shutdown
  /// The daemon goes on with other settings.
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

/// A person as subscribers see them.
package struct PersonView: Equatable, Sendable {
  /// Counts from 1; no two people of a camera share one.
  package var id: Int
  /// In fractions of the camera's whole picture.
  package var box: PictureBox
  package var since: Duration
}

/// What is going on before one camera.
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
  /// When `word` became true.
  package var since: Duration
  /// Whose activity `word` names; `nil` where the whole scene is looked at, and where nobody is.
  package var person: Int?
  /// Everybody there; `nil` where the whole scene is looked at.
  package var people: [Occupant]?

  /// Equal but for where people are: movement alone is not worth a message.
  func says(_ other: Situation) -> Bool {
    condition == other.condition && word == other.word && person == other.person
      && people?.map(\.person.id) == other.people?.map(\.person.id)
      && people?.map(\.state) == other.people?.map(\.state)
  }
}

/// A window that waits for the network.
package struct WindowOrder: Equatable, Sendable {
  /// Counts how often frames stopped: what was ordered before is of no use afterwards.
  let session: Int
  package let person: Int?
  package private(set) var window: WindowDescription

  /// The order of a window so many samples earlier.
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

/// What is known of a window besides its pixels.
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

/// A picture that waits for the finder.
package struct PictureTicket: Equatable, Sendable {
  let session: Int
  /// Number and time of the sample.
  package let sample: Int
  package let time: Duration
}

/// What a pipeline has counted since it was made.
package struct PipelineCounters: Equatable, Sendable {
  package var stream = FrameSampler.Counters()
  /// Chosen frames that were decoded with damage.
  package var damaged = 0
  /// Windows that were scored.
  package var windows = 0
  /// Windows that nobody scored in time.
  package var skippedHops = 0
  /// Hops at which nobody was there, so nothing was computed.
  package var emptyHops = 0
  /// Windows that were held back because nothing moved.
  package var stillHops = 0
  /// Windows that people beyond the most would have had.
  package var unservedHops = 0
  /// Pictures the finder looked at.
  package var finds = 0
}
