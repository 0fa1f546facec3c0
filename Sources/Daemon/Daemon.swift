import Capture
import Events
import Foundation
import Inference
package import Logging
import ModelFile
import Networks
import Pipeline
import Recognition
import ServiceLifecycle
import UnixSignals
package import Settings
import Video

/// The daemon put together: everything checked first, then one group of services that start and stop in order.
package struct Daemon: Sendable {
  package let settings: DaemonSettings
  private let model: StudentModel
  private let cameras: [(settings: CameraSettings, source: SourceDescription)]
  private let options: RecognitionOptions
  private let masks: [PrivacyMask]
  private let regions: [PictureRegion]

  /// Checks what the settings name: the model, its labels, the sources, the regions.
  ///
  /// - Throws: `SettingsError`, `ModelFileError`, `CaptureError` or `DaemonError`, each naming what to change.
  package init(_ settings: DaemonSettings, path: String) throws {
    self.settings = settings
    model = try StudentModel(path: settings.model.path)
    try settings.check(againstLabels: model.card.labels, path: path)
    guard settings.model.hop <= model.network.frames else {
      throw DaemonError.setting(
        "model.hop", reason: "\(settings.model.hop) samples are more than a window's \(model.network.frames)")
    }
    _ = try Precision(settings.model.precision).resolved()
    let enabled = settings.cameras.filter(\.isEnabled)
    cameras = try enabled.map { ($0, try SourceDescription(parsing: $0.source)) }
    regions = try enabled.map { camera in
      guard let region = camera.region else { return .whole }
      return try PictureRegion(x: region.x, y: region.y, width: region.width, height: region.height)
    }
    masks = try enabled.map { camera in
      try PrivacyMask(polygons: camera.masks.map { $0.map { PrivacyMask.Point(x: $0[0], y: $0[1]) } })
    }
    options = RecognitionOptions(settings.recognition)
  }

  /// What `--check` prints.
  package var summary: String {
    let names = cameras.map { "\($0.settings.name) (\(maskedURL($0.settings.source)))" }.joined(separator: ", ")
    return "model \(model.card.name) with \(model.card.labels.count) activities; cameras \(names)"
  }

  /// Runs until SIGTERM or SIGINT: then capture stops, open activities are ended, and events are flushed.
  package func run(logger: Logger, notification: ServiceNotification) async throws {
    var publishing = EventPublisher.Options()
    publishing.node = settings.node
    publishing.endpoint = settings.events.endpoint
    publishing.query = settings.events.query
    publishing.predictions = settings.events.publishesPredictions ? settings.events.predictionsEndpoint : nil
    publishing.heartbeat = .seconds(settings.events.heartbeat)
    publishing.history = settings.events.history
    let publisher = try EventPublisher(publishing)
    defer { publisher.close() }
    logger.notice("events on \(publisher.endpoints.events), queries on \(publisher.endpoints.query)")

    let bell = StopSignal()
    let arrivals = ArrivalCounter()
    let captures = cameras.indices.map { index in
      capture(index, bell: bell, arrivals: arrivals, logger: logger)
    }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let recognition = RecognitionService(
      inboxes: captures.map(\.inbox), model: model, precision: Precision(settings.model.precision),
      threads: settings.model.threads == 0 ? cores : settings.model.threads, options: options,
      publisher: publisher, bell: bell,
      onReady: { text in
        logger.notice("model \(model.card.name) ready: \(text)", metadata: ["sha256": "\(model.sha256)"])
        notification.ready(status: "Watching \(captures.count) cameras")
      }, logger: logger)

    // Services stop in reverse order: cameras first, then recognition ends what is open.
    var group = ServiceGroupConfiguration(
      services: [ServiceGroupConfiguration.ServiceConfiguration(service: recognition)]
        // A file that has ended, or one camera that cannot start, leaves the others running.
        + captures.map { .init(service: $0, successTerminationBehavior: .ignore) },
      gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger))
    group.maximumGracefulShutdownDuration = .seconds(5)
    do {
      try await ServiceGroup(configuration: group).run()
    } catch {
      notification.stopping()
      throw error
    }
    notification.stopping()
  }

  private func capture(_ index: Int, bell: StopSignal, arrivals: ArrivalCounter, logger: Logger) -> CaptureService {
    let (camera, source) = cameras[index]
    var logger = logger
    logger[metadataKey: "camera"] = "\(camera.name)"
    var opening = SourceOptions()
    opening.media.pace = camera.pace == .realTime ? .realTime : .fastest
    opening.media.loops = camera.loops
    opening.camera.format = V4L2Options.Format(setting: camera.format.rawValue)
    opening.camera.size = FrameSize(width: camera.width, height: camera.height)
    opening.camera.rate = camera.rate
    opening.camera.sampleRate = model.card.sampleRate
    opening.camera.controls = camera.controls
    let stream = StreamOptions(
      model.card, hop: settings.model.hop, region: regions[index], crop: camera.crop == .full ? .full : .centerSquare,
      mask: masks[index])
    return CaptureService(
      inbox: CameraInbox(name: camera.name, window: stream.makeWindow(), bell: bell), source: source,
      sourceOptions: opening, streamOptions: stream, decodesExactly: camera.decodesExactly,
      stallTime: .seconds(camera.stallSeconds), arrivals: arrivals, logger: logger)
  }

  /// The group's own log of services starting and stopping is for debugging only.
  private func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }
}

extension Precision {
  init(_ setting: ModelSettings.Precision) {
    self =
      switch setting {
      case .auto: .auto
      case .f32: .f32
      case .bf16: .bf16
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
