import Basics
package import Capture
import Detection
import Events
import Foundation
import History
import Inference
package import Logging
import ModelFile
import Networks
import Page
import Pipeline
import Recognition
import ServiceLifecycle
package import Settings
package import Systemd
import Video

/// The complete daemon: everything is checked first, then one group of services starts and stops in order.
package struct LiveService: Sendable {
  /// One enabled camera: its settings, its source, and the options derived from them.
  private struct Camera: Sendable {
    var settings: CameraSettings
    var source: SourceDescription
    var pipeline: PipelineOptions
  }

  package let settings: DaemonSettings
  private let model: StudentModel
  /// The model's card, with families from the settings if they name any.
  private let card: ModelCard
  private let cameras: [Camera]
  /// `nil` if no history is kept.
  private let historyPath: String?
  /// The files that were read besides the settings; replacing one counts as a change.
  private let files: [FileVersion?]

  /// Checks everything the settings name: the model, its labels, the sources, the regions, the detector.
  ///
  /// - Parameters:
  ///   - settings: the settings as read.
  ///   - path: the settings file, for messages.
  ///   - kinds: additional kinds of sources.
  ///   - stateDirectory: systemd's STATE_DIRECTORY, if set.
  /// - Throws: `SettingsError`, `EventError`, `HistoryError`, `ModelFileError`, `CaptureError`, `VideoError`,
  ///   `DetectionError` or `DaemonError`, each naming what to change.
  package init(
    _ settings: DaemonSettings, path: String, adding kinds: [any AddedSource.Type] = [], stateDirectory: String? = nil
  ) throws {
    self.settings = settings
    historyPath = settings.history.path(stateDirectory: stateDirectory)
    if let historyPath { try EventStore.check(historyPath) }
    try EventPublisher.check(EventPublisher.Options(settings))
    let named = [
      settings.model.path, settings.recognition.families, settings.people.detector, settings.events.remote?.secretKey,
    ]
    files = named.map { $0.flatMap(FileVersion.init) }
    let model = try StudentModel(path: settings.model.path)
    var card = model.card
    if let families = settings.recognition.families {
      do { card.families = try FamiliesFile.load(path: families, labels: card.labels) } catch {
        throw DaemonError.setting("recognition.families", reason: "\(error)")
      }
    }
    self.card = card
    try settings.check(againstLabels: card.labels, families: card.families, path: path)
    guard settings.model.hop <= model.network.frames else {
      throw DaemonError.setting(
        "model.hop", reason: "\(settings.model.hop) samples are more than a window's \(model.network.frames)")
    }
    _ = try Precision(settings.model.precision).resolved(isCalibrated: card.ranges != nil)
    let delay = try ClipEngine.delay(of: model.network, WindowMode(settings.model))
    cameras = try settings.cameras.filter(\.isEnabled).map { camera in
      let source: SourceDescription
      do { source = try SourceDescription(parsing: camera.source, adding: kinds) } catch {
        throw DaemonError.setting("cameras[].source of \(camera.name)", reason: "\(error)")
      }
      var pipeline = try PipelineOptions(camera, settings, card, isLive: source.isLive)
      pipeline.delay = delay
      return Camera(settings: camera, source: source, pipeline: pipeline)
    }
    if !settings.people.looksAtPeople(card), let alert = settings.rules.alerts.first(where: \.needsPeople) {
      throw DaemonError.setting(
        "rules.alerts.\(alert.name)",
        reason: "needs people, but the whole picture is looked at; set people.mode to people")
    }
    if settings.people.looksAtPeople(card), let detector = settings.people.usedDetector {
      _ = try ModelFinder(path: detector, threads: settings.people.threads)
    }
    self.model = model
  }

  /// Whether running `other` would change nothing.
  private func isSame(as other: LiveService) -> Bool { settings == other.settings && files == other.files }

  private var looksAtPeople: Bool { settings.people.looksAtPeople(card) }

  /// The text printed by `--check`.
  package var summary: String {
    let names = cameras.map { "\($0.settings.name) (\($0.settings.source))" }.joined(separator: ", ")
    let view = looksAtPeople ? "people found by \(settings.people.usedDetector ?? "motion")" : "the whole picture"
    let activities =
      card.families.isEmpty
      ? "\(card.labels.count) activities" : "\(card.labels.count) labels, \(card.families.count) families"
    let rules = settings.rules.alerts.map(\.name).joined(separator: ", ")
    return "model \(card.name) with \(activities); looks at \(view); cameras \(names)"
      + (historyPath.map { "; history in \($0)" } ?? "; no history")
      + (rules.isEmpty ? "" : "; rules \(rules)")
      + (PageAddress(settings.page.listen).map { "; page on \($0)" } ?? "")
  }

  /// What is valid but probably unintended, in addition to `DaemonSettings.warnings`.
  package var warnings: [String] {
    [settings.people.mismatch(card), ScoringOptions(settings.model, .current, cameras: cameras.count).mismatch(card)]
      .compactMap(\.self)
  }

  /// What the settings name that is not there now, and that the daemon would wait for or stop at.
  package var absences: [String] {
    let predictions = settings.events.publishesPredictions ? settings.events.predictionsEndpoint : ""
    let sockets = [
      ("events.endpoint", settings.events.endpoint), ("events.query", settings.events.query),
      ("events.predictions.endpoint", predictions),
    ]
    let files =
      sockets.filter { $1.hasPrefix("ipc://") }.map { ($0, String($1.dropFirst("ipc://".count))) }
      + (historyPath.map { [("history.path", $0)] } ?? [])
    let folders = files.compactMap { setting, path -> String? in
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      var isFolder: ObjCBool = false
      guard unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
        return "\(setting): there is no folder \(folder)"
      }
      return isFolder.boolValue ? nil : "\(setting): \(folder) is not a folder"
    }
    let history = historyPath.flatMap { path -> String? in
      do throws(HistoryError) {
        _ = try HistoryReader(path: path)
        return nil
      } catch {
        if case .missing = error { return nil }
        return "history.path: \(error)"
      }
    }
    let films = cameras.compactMap { camera -> String? in
      guard case .media(let location) = camera.source, case .file = location else { return nil }
      do {
        _ = try MediaFile(location)
        return nil
      } catch {
        return "cameras[].source of \(camera.settings.name): \(error)"
      }
    }
    return folders + [history].compactMap(\.self) + films
  }

  /// Runs until SIGTERM or SIGINT: then capture stops, open activities are ended, and events are flushed.
  ///
  /// - Parameters:
  ///   - logger: receives what happens.
  ///   - notification: reports to systemd.
  ///   - signals: SIGTERM, SIGINT and SIGHUP.
  ///   - reload: reads the settings again on SIGHUP; `nil` if SIGHUP stops the daemon, as in a terminal.
  /// - Returns: what to continue with after a SIGHUP; `nil` if the daemon should stop.
  /// - Throws: `CannotStart` if a socket or file is not available, or the error that stopped a service.
  package func run(
    logger: Logger, notification: ServiceNotification, signals: SignalInbox,
    reload: (@Sendable () throws -> LiveService)?
  ) async throws -> LiveService? {
    let publishing = Lifeline("the publisher")
    let (store, publisher) = try open(logger, publishing)
    defer { store?.close() }
    defer { publisher.close() }
    for leftover in store?.leftovers ?? [] { publisher.publish(leftover) }
    if let store, !store.isFailing {
      let ended = store.leftovers.isEmpty ? "" : "; the previous run left \(store.leftovers.count) open, now ended"
      logger.notice("history in \(store.options.path)\(ended)")
    }
    logger.notice("events on \(publisher.endpoints.events), queries on \(publisher.endpoints.query)")
    if let events = publisher.endpoints.remoteEvents, let query = publisher.endpoints.remoteQuery {
      logger.notice("known remote clients: events on \(events), queries on \(query)")
    }

    let control = ControlService(signals, read: reload, isNew: { !isSame(as: $0) }, notification, logger)
    let page = try page(publisher)
    if let page { logger.notice("page and metrics on \(page.address)") }

    let rules =
      settings.rules.alerts.isEmpty
      ? nil
      : RuleService(
        settings.rules, cameras: cameras.map(\.settings.name), publisher: publisher, logger: logger,
        tell: { page?.take($0) })
    defer { rules?.stop() }

    let wiring = Wiring(publisher: publisher, rules: rules, page: page, logger: logger)
    var captures: [CaptureService] = []
    for camera in cameras { captures.append(try capture(camera, captures.count, wiring)) }
    let live = captures.map(\.camera)
    let limits = MachineLimits.current
    if let summary = limits.summary { logger.notice("\(summary)") }
    let recognition = RecognitionService(
      cameras: live, model: model, options: ScoringOptions(settings.model, limits, cameras: live.count),
      windows: wiring.windows,
      stopCause: { control.cause },
      onReady: { text in
        logger.notice("model \(card.name) ready: \(text)", metadata: ["sha256": "\(model.sha256)"])
        notification.ready(status: "Watching \(live.count) \(live.count == 1 ? "camera" : "cameras")")
      })
    let finder = FinderService(cameras: live, pictures: wiring.pictures, settings: settings.people)

    let lifelines =
      [publishing] + recognition.lifelines + (looksAtPeople ? [finder.lifeline] : []) + captures.map(\.lifeline)
    let supervisor = Supervisor(lifelines, notification, logger)
    page?.watch(lifelines)

    // Services stop in reverse order: cameras first, then recognition ends everything open.
    let optional: [(any Service)?] = [page, rules]
    let services: [any Service] =
      [supervisor] + optional.compactMap(\.self) + [recognition] + (looksAtPeople ? [finder] : [])
    var group = ServiceGroupConfiguration(
      services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) }
        + [.init(service: control, successTerminationBehavior: .gracefullyShutdownGroup)]
        // A file that ends, or one camera that cannot start, does not stop the others.
        + captures.map { .init(service: $0, successTerminationBehavior: .ignore) },
      logger: quiet(logger))
    group.maximumGracefulShutdownDuration = .seconds(5)
    try await ServiceGroup(configuration: group).run()
    if control.next == nil { notification.stopping() }
    return control.next
  }

  /// Opens what another process might hold or a disk refuse.
  ///
  /// - Parameters:
  ///   - logger: receives problems with peers or the disk.
  ///   - lifeline: the publisher's.
  /// - Returns: the history, if one is kept, and the publisher.
  /// - Throws: `CannotStart`.
  private func open(_ logger: Logger, _ lifeline: Lifeline) throws(CannotStart) -> (
    store: EventStore?, publisher: EventPublisher
  ) {
    var publishing = EventPublisher.Options(settings)
    publishing.warn = { logger.warning("\($0)") }
    let silence = publishing.heartbeat + .seconds(30)
    publishing.turned = { lifeline.promise(within: silence) }
    do {
      let store = try historyPath.map { path in
        var keeping = EventStore.Options(path: path)
        (keeping.days, keeping.bytes) = (settings.history.days, settings.history.megabytes << 20)
        keeping.warn = publishing.warn
        return try EventStore(keeping)
      }
      publishing.store = store
      do {
        return (store, try EventPublisher(publishing))
      } catch {
        store?.close()
        throw error
      }
    } catch {
      throw CannotStart(reason: error)
    }
  }

  private func page(_ publisher: EventPublisher) throws(CannotStart) -> PageService? {
    do {
      return try PageService(
        settings, cameras: cameras.map(\.settings.name),
        model: ModelIdentity(name: card.name, sha256: model.sha256, classes: card.labels.count),
        labels: LabelGrouping(labels: card.labels, families: card.families).activities, historyPath: historyPath,
        publisher: publisher)
    } catch {
      throw CannotStart(reason: error)
    }
  }

  /// What all cameras pass their windows, pictures and messages to.
  private struct Wiring {
    let windows = WindowExchange()
    let pictures = PictureExchange()
    let publisher: EventPublisher
    let rules: RuleService?
    let page: PageService?
    let logger: Logger

    func publish(_ report: Report) {
      publisher.publish(report)
      rules?.take(report)
      page?.take(report)
    }
  }

  private func capture(_ camera: Camera, _ index: Int, _ wiring: Wiring) throws -> CaptureService {
    let name = camera.settings.name
    var logger = wiring.logger
    logger[metadataKey: "camera"] = "\(name)"
    let clock = wiring.publisher.options.clock
    let live = try LiveCamera(
      index: index, options: camera.pipeline,
      reporter: CameraReporter(
        camera: name, card: card, sha256: model.sha256, options: camera.pipeline.recognition, clock: clock),
      windows: wiring.windows, pictures: wiring.pictures, clock: clock, logger: logger,
      send: { wiring.publish($0) },
      count: { counters in
        wiring.publisher.update(counters, of: name)
        wiring.page?.take(counters, of: name)
      },
      show: { wiring.page?.previews?.take($0, of: name) })
    return CaptureService(
      camera: live, source: camera.source,
      options: SourceOptions(camera.settings, sampleRate: card.sampleRate))
  }

  /// Hides the service group's own log of starts and stops unless debugging.
  private func quiet(_ logger: Logger) -> Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .warning)
    return logger
  }
}

extension EventPublisher.Options {
  fileprivate init(_ settings: DaemonSettings) {
    self.init()
    node = settings.node
    endpoint = settings.events.endpoint
    query = settings.events.query
    predictions = settings.events.publishesPredictions ? settings.events.predictionsEndpoint : nil
    remote = settings.events.remote.map {
      EventPublisher.Remote(endpoint: $0.endpoint, query: $0.query, secretKey: $0.secretKey, clients: $0.clients)
    }
    heartbeat = .seconds(settings.events.heartbeat)
    history = settings.events.history
  }
}

extension EventPublisher {
  fileprivate func publish(_ report: Report) {
    switch report {
    case .activity(let event): publish(event)
    case .person(let event): publish(event)
    case .state(let state): publish(state)
    case .health(let health): publish(health)
    case .prediction(let prediction): publish(prediction)
    }
  }
}

extension RuleSettings.Alert {
  /// Whether it depends on who is present, which is only known if people are tracked.
  fileprivate var needsPeople: Bool { kind == .present || kind == .absent || leavingEnds }
}
