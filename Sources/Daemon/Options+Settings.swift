import Basics
import Capture
import Inference
import ModelFile
import People
import Pipeline
import Recognition
import Settings
import Video

// Translates the settings into each room's own options; what is not set stays unset.

extension SourceOptions {
  init(_ camera: CameraSettings, sampleRate: Double) {
    self.init()
    media.pace = .realTime
    media.loops = camera.loops
    media.transport =
      switch camera.transport {
      case .auto: .auto
      case .tcp: .tcp
      case .udp: .udp
      }
    media.stallTimeout = .seconds(camera.stallSeconds)
    self.camera.format = V4L2Options.Format(setting: camera.format.rawValue)
    self.camera.size = camera.size.map { FrameSize(width: $0.width, height: $0.height) }
    self.camera.rate = camera.rate
    self.camera.sampleRate = sampleRate
    self.camera.controls = camera.controls
  }
}

extension WindowMode {
  init(_ model: ModelSettings) {
    self =
      switch model.windows {
      case .recompute: .recompute
      case .incremental: .incremental(hop: model.hop)
      case .continual: .continual(hop: model.hop)
      }
  }
}

extension ScoringOptions {
  /// With as many cores as the machine leaves, and as many windows at a time as suit it, where the settings name no number.
  init(_ model: ModelSettings, _ limits: MachineLimits, cameras: Int) {
    self.init()
    precision = Precision(model.precision)
    threads = model.threads == 0 ? limits.threads : model.threads
    mode = WindowMode(model)
    workers = workers(of: model, cameras: cameras)
    reuseBytes = model.reuseMegabytes << 20
  }

  /// A step of a continual stream is short on one core, too; of other windows one person's may take all of them.
  private func workers(of model: ModelSettings, cameras: Int) -> Int {
    let asked = model.workers > 0 ? model.workers : model.windows == .continual ? cameras : 1
    return max(1, min(asked, threads))
  }
}

extension PipelineOptions {
  /// - Parameters:
  ///   - camera: the camera's section.
  ///   - settings: all the settings.
  ///   - card: the model's card.
  ///   - isLive: true for a source that shows the world as it is now and so never stands still.
  /// - Throws: `VideoError` for a region or mask that cannot be used.
  init(
    _ camera: CameraSettings, _ settings: DaemonSettings, _ card: ModelCard, isLive: Bool = false
  ) throws(VideoError) {
    self.init(card, view: settings.people.looksAtPeople(card) ? .people(Following(settings.people)) : .scene)
    hop = settings.model.hop
    stillLevel = Float(settings.model.stillLevel)
    mounting = Orientation(camera.rotation, camera.flip)
    if let region = camera.region {
      self.region = try PictureRegion(x: region.x, y: region.y, width: region.width, height: region.height)
    }
    switch camera.crop {
    case .auto: break
    case .full: crop = .full
    case .centerSquare: crop = .centerSquare
    }
    mask = try PrivacyMask(polygons: camera.masks.map { $0.map { PrivacyMask.Point(x: $0[0], y: $0[1]) } })
    decodesExactly = camera.decodesExactly
    stallTime = .seconds(camera.stallSeconds)
    if camera.frozenSeconds > 0, isLive { frozenTime = .seconds(camera.frozenSeconds) }
    if settings.page.showsPreview { previewInterval = .seconds(1) }
    recognition = RecognitionOptions(settings.recognition)
  }
}

extension Orientation {
  init(_ rotation: CameraSettings.Rotation, _ flip: CameraSettings.Flip) {
    let turned =
      switch rotation {
      case .none: Orientation.upright
      case .quarter: Orientation(quarterTurns: 1)
      case .half: Orientation(quarterTurns: 2)
      case .threeQuarters: Orientation(quarterTurns: 3)
      }
    let mirrored =
      switch flip {
      case .none: Orientation.upright
      case .horizontal: Orientation(isMirrored: true)
      case .vertical: Orientation(quarterTurns: 2, isMirrored: true)
      }
    self = turned.followed(by: mirrored)
  }
}

extension PipelineOptions.Following {
  init(_ settings: PeopleSettings) {
    self.init()
    rate = settings.rate
    most = settings.most
    tracker.lossSeconds = settings.lossSeconds
    // Motion finds no box for somebody who keeps still.
    tracker.keepsStill = settings.usedDetector == nil
  }
}

extension PeopleSettings {
  /// Whether the network is shown people: according to the setting, or to what the model was trained on.
  ///
  /// For a model that does not say, people are used if a detector is set.
  func looksAtPeople(_ card: ModelCard) -> Bool {
    switch mode {
    case .people: true
    case .scene: false
    case .auto: card.region.map { $0 == .person } ?? (detector != nil)
    }
  }

  /// What is valid but probably unintended.
  func mismatch(_ card: ModelCard) -> String? {
    switch (looksAtPeople(card), card.region) {
    case (true, .scene): "people.mode is people, but the model was trained on whole pictures; expect worse results"
    case (false, .person): "people.mode is scene, but the model was trained on people; expect worse results"
    case (false, _) where detector != nil: "people.detector is not used: the whole picture is looked at (people.mode)"
    default: nil
    }
  }
}

extension Precision {
  init(_ setting: ModelSettings.Precision) {
    self =
      switch setting {
      case .auto: .auto
      case .f32: .f32
      case .bf16: .bf16
      case .int8: .int8
      }
  }
}

extension RecognitionOptions {
  init(_ settings: RecognitionSettings) {
    self.init()
    smoothing =
      switch settings.smoothing {
      case .mean: .mean
      case .ema: .ema
      case .median: .median
      }
    smoothingWindows = settings.smoothingWindows
    on = Float(settings.on)
    off = Float(settings.off)
    onHold = settings.onHold
    offHold = settings.offHold
    margin = Float(settings.margin)
    minimumDuration = .seconds(settings.minimumDuration)
    coolDown = .seconds(settings.coolDown)
    maximumDuration = settings.maximumDuration.map { .seconds($0) }
    motionGate = Float(settings.motionGate)
    opensOther = settings.opensOther
    activities = settings.activities.mapValues { own in
      var activity = Activity()
      activity.isEnabled = own.isEnabled
      activity.on = own.on.map { Float($0) }
      activity.off = own.off.map { Float($0) }
      activity.minimumDuration = own.minimumDuration.map { .seconds($0) }
      activity.coolDown = own.coolDown.map { .seconds($0) }
      return activity
    }
  }
}
