/// A moment on both clocks: UTC for people, the machine's monotonic clock for arithmetic.
package struct Instant: Codable, Equatable, Sendable {
  /// RFC 3339 with milliseconds.
  package var time: String
  /// CLOCK_MONOTONIC in nanoseconds; comparable within one `boot_id`.
  package var monotonic: Int64

  package init(time: String, monotonic: Int64) {
    self.time = time
    self.monotonic = monotonic
  }

  private enum CodingKeys: String, CodingKey {
    case time
    case monotonic = "mono_ns"
  }
}

/// The fields that every message starts with; filled in by the publisher.
package struct Envelope: Codable, Equatable, Sendable {
  package static let schema = "adl.event/1"

  package var schema = Envelope.schema
  /// Different for each start of the daemon.
  package var epoch = ""
  /// Counts the messages on one topic, from 1, so that subscribers with a filter still see gaps.
  package var seq: UInt64 = 0
  package var node = ""
  /// When it was sent.
  package var time = ""
  package var monotonic: Int64 = 0
  package var bootID = ""

  package init() {}

  enum CodingKeys: String, CodingKey {
    case schema, epoch, seq, node, time
    case monotonic = "mono_ns"
    case bootID = "boot_id"
  }
}

/// The model that made the decision.
package struct ModelIdentity: Codable, Equatable, Sendable {
  package var name: String
  package var sha256: String
  package var classes: Int

  package init(name: String, sha256: String, classes: Int) {
    self.name = name
    self.sha256 = sha256
    self.classes = classes
  }
}

/// A label with its probability; a family if the model has families.
package struct LabelProbability: Codable, Equatable, Sendable {
  package var label: String
  package var p: Float
  /// The family's most probable label; absent if the model has no families.
  package var member: String?

  package init(label: String, p: Float, member: String? = nil) {
    self.label = label
    self.p = p
    self.member = member
  }
}

/// Kind `event`: an activity started, was refined, or ended; `id` is shared by all three.
package struct ActivityEvent: Codable, Equatable, Sendable {
  package enum Kind: String, Codable, Sendable, CaseIterable {
    case start = "activity.start"
    case update = "activity.update"
    case end = "activity.end"
  }

  /// An activity as a model or its families name it.
  package struct Label: Codable, Equatable, Sendable {
    /// The model's label, or a family's name if the model has families.
    package var label: String
    /// Index among the model's labels, or among the families.
    package var index: Int
    /// The label's part before the first dot, such as `Drink` of `Drink.Fromcup`; same as `label` with families.
    package var family: String
    /// The family's label with the highest probability so far; absent if the model has no families.
    package var member: String?

    package init(label: String, index: Int, member: String? = nil) {
      self.label = label
      self.index = index
      self.member = member
      family = member == nil ? String(label.prefix { $0 != "." }) : label
    }
  }

  /// The probabilities at which the activity starts and ends.
  package struct Thresholds: Codable, Equatable, Sendable {
    package var on: Float
    package var off: Float

    package init(on: Float, off: Float) {
      self.on = on
      self.off = off
    }
  }

  /// The window the decision is based on.
  package struct Window: Codable, Equatable, Sendable {
    package var frames: Int
    package var span: Double
    package var sampleRate: Double
    package var firstFrame: Int
    package var lastFrame: Int
    package var dropped: Int
    package var repeated: Int

    package init(
      frames: Int, span: Double, sampleRate: Double, firstFrame: Int, lastFrame: Int, dropped: Int, repeated: Int
    ) {
      self.frames = frames
      self.span = span
      self.sampleRate = sampleRate
      self.firstFrame = firstFrame
      self.lastFrame = lastFrame
      self.dropped = dropped
      self.repeated = repeated
    }

    private enum CodingKeys: String, CodingKey {
      case frames
      case span = "span_s"
      case sampleRate = "sample_rate"
      case firstFrame = "first_frame"
      case lastFrame = "last_frame"
      case dropped, repeated
    }
  }

  /// Durations in milliseconds.
  package struct Latency: Codable, Equatable, Sendable {
    package var inference: Int
    package var captureToPublish: Int

    package init(inference: Int, captureToPublish: Int) {
      self.inference = inference
      self.captureToPublish = captureToPublish
    }

    private enum CodingKeys: String, CodingKey {
      case inference
      case captureToPublish = "capture_to_publish"
    }
  }

  package var type: Kind
  package var id: String
  package var camera: String
  package var activity: Label
  /// Mean smoothed probability since the start.
  package var confidence: Float
  package var peak: Float
  package var threshold: Thresholds
  package var top: [LabelProbability]
  package var onset: Instant
  /// Set at the end.
  package var offset: Instant?
  /// Seconds; set at the end.
  package var duration: Double?
  /// `below_threshold`, `other_activity`, `max_duration`, `person_left`, `camera_lost`, `gap`, `source_ended`, `shutdown`,
  /// `config_change`, or `daemon_restart` for what an earlier run could not end.
  package var endReason: String?
  /// The epoch in which it started; set with `daemon_restart`.
  package var startEpoch: String?
  /// Absent if no window decided the end, as at a shutdown.
  package var window: Window?
  package var latency: Latency?
  package var model: ModelIdentity
  /// Whose activity it is; absent if the whole picture is analysed.
  package var person: PersonReference?

  package init(
    _ type: Kind, id: String, camera: String, activity: Label, confidence: Float, peak: Float, threshold: Thresholds,
    top: [LabelProbability], onset: Instant, model: ModelIdentity
  ) {
    self.type = type
    self.id = id
    self.camera = camera
    self.activity = activity
    self.confidence = confidence
    self.peak = peak
    self.threshold = threshold
    self.top = top
    self.onset = onset
    self.model = model
  }

  private enum CodingKeys: String, CodingKey {
    case type, id, camera, activity, confidence, peak, threshold
    case top = "topk"
    case onset, offset
    case duration = "duration_s"
    case endReason = "end_reason"
    case startEpoch = "start_epoch"
    case window
    case latency = "latency_ms"
    case model, person
  }
}

/// Kind `prediction`: the scores of one window, before any decision; may be lost.
package struct Prediction: Codable, Equatable, Sendable {
  package var type = "prediction"
  package var camera: String
  package var top: [LabelProbability]
  package var window: ActivityEvent.Window
  package var latency: ActivityEvent.Latency
  /// Whose window it was; absent if the whole picture is analysed.
  package var person: PersonReference?

  package init(
    camera: String, top: [LabelProbability], window: ActivityEvent.Window, latency: ActivityEvent.Latency
  ) {
    self.camera = camera
    self.top = top
    self.window = window
    self.latency = latency
  }

  private enum CodingKeys: String, CodingKey {
    case type, camera
    case top = "topk"
    case window
    case latency = "latency_ms"
    case person
  }
}

/// Kind `state`: what is going on now; every new subscriber gets the last value.
package struct CameraState: Codable, Equatable, Sendable {
  package var type = "state"
  package var camera: String
  /// `activity`, or `idle`, `unknown`, `empty`, `warming_up`, `no_signal`, which are not activities.
  ///
  /// With several people: the state of the first one with an activity, or else of the first.
  package var state: String
  package var activity: ActivityEvent.Label?
  /// The `id` in the open activity's events.
  package var activityID: String?
  package var since: Instant
  /// The camera's condition: `online`, `stalled`, `offline`.
  package var condition: String
  /// Everyone present; absent if the whole picture is analysed.
  package var people: [PersonState]?

  package init(
    camera: String, state: String, activity: ActivityEvent.Label?, activityID: String?, since: Instant,
    condition: String
  ) {
    self.camera = camera
    self.state = state
    self.activity = activity
    self.activityID = activityID
    self.since = since
    self.condition = condition
  }

  private enum CodingKeys: String, CodingKey {
    case type, camera, state, activity
    case activityID = "activity_id"
    case since, condition, people
  }
}

/// Kind `health`: a camera's condition changed, or the person finder failed or recovered.
package struct CameraHealth: Codable, Equatable, Sendable {
  package enum Kind: String, Codable, Sendable, CaseIterable {
    case online = "camera.online"
    case stalled = "camera.stalled"
    case offline = "camera.offline"
    case slow = "camera.slow"
    case degraded = "inference.degraded"
    case recovered = "inference.recovered"
    case finderFailed = "finder.failed"
    case finderWorking = "finder.working"
  }

  /// Counters since the daemon started.
  package struct Counters: Codable, Equatable, Sendable {
    package var frames = 0
    package var samples = 0
    package var windows = 0
    package var skippedHops = 0
    package var lostFrames = 0
    package var corruptFrames = 0
    package var reconnects = 0
    /// Frames whose own timestamps were missing or wrong.
    package var retimedFrames = 0
    /// Hops when nobody was there, so nothing was computed.
    package var emptyHops = 0
    /// Windows not computed because nothing moved.
    package var stillHops = 0
    /// Windows not computed because there were more than `people.most` people.
    package var unservedHops = 0
    /// Pictures searched for people.
    package var finds = 0
    /// Pictures that arrived while the finder was busy.
    package var skippedFinds = 0

    package init() {}

    /// Missing counters, as in messages from older daemons, are zero.
    package init(from decoder: any Decoder) throws {
      let table = try decoder.container(keyedBy: CodingKeys.self)
      func count(_ key: CodingKeys) throws -> Int { try table.decodeIfPresent(Int.self, forKey: key) ?? 0 }
      frames = try count(.frames)
      samples = try count(.samples)
      windows = try count(.windows)
      skippedHops = try count(.skippedHops)
      lostFrames = try count(.lostFrames)
      corruptFrames = try count(.corruptFrames)
      reconnects = try count(.reconnects)
      retimedFrames = try count(.retimedFrames)
      emptyHops = try count(.emptyHops)
      stillHops = try count(.stillHops)
      unservedHops = try count(.unservedHops)
      finds = try count(.finds)
      skippedFinds = try count(.skippedFinds)
    }

    private enum CodingKeys: String, CodingKey {
      case frames, samples, windows
      case skippedHops = "skipped_hops"
      case lostFrames = "lost_frames"
      case corruptFrames = "corrupt_frames"
      case reconnects
      case retimedFrames = "retimed_frames"
      case emptyHops = "empty_hops"
      case stillHops = "still_hops"
      case unservedHops = "unserved_hops"
      case finds
      case skippedFinds = "skipped_finds"
    }
  }

  package var type: Kind
  package var camera: String
  package var reason: String
  package var counters: Counters

  package init(_ type: Kind, camera: String, reason: String, counters: Counters) {
    self.type = type
    self.camera = camera
    self.reason = reason
    self.counters = counters
  }
}

/// A sign of life, sent even when idle.
package struct Heartbeat: Codable, Equatable, Sendable {
  package var type = "heartbeat"
  /// The highest `seq` on each topic, so that a subscriber notices what it missed.
  package var topics: [String: UInt64]
  /// True for the last heartbeat.
  package var isStopping: Bool
  /// Counters by camera.
  package var cameras: [String: CameraHealth.Counters]

  package init(topics: [String: UInt64], isStopping: Bool, cameras: [String: CameraHealth.Counters]) {
    self.topics = topics
    self.isStopping = isStopping
    self.cameras = cameras
  }

  private enum CodingKeys: String, CodingKey {
    case type, topics
    case isStopping = "stopping"
    case cameras
  }
}
