import Events
import Foundation
import History
import Logging
import Page
import ServiceLifecycle
import Settings
import Synchronization

/// Serves the page, metrics and health on its own threads; cameras only post their state to its board.
final class PageService: Service {
  /// Where pictures for the page are kept.
  let previews: Previews?
  private let board: Board
  private let server: HTTPServer
  private let lifelines: Watched

  /// Starts listening, so that an address in use is known before anything runs.
  ///
  /// - Parameters:
  ///   - settings: the daemon's; the result is `nil` if the page is off.
  ///   - cameras: names of the enabled cameras.
  ///   - model: the model's name.
  ///   - labels: the model's labels.
  ///   - historyPath: the history's file, if one is kept.
  ///   - publisher: provides the epoch and the clock.
  /// - Throws: `PageError` if the address cannot be used.
  init?(
    _ settings: DaemonSettings, cameras: [String], model: ModelIdentity, labels: [String], historyPath: String?,
    publisher: EventPublisher
  ) throws(PageError) {
    guard let address = PageAddress(settings.page.listen) else { return nil }
    let clock = publisher.options.clock
    let board = Board(
      node: settings.node, epoch: publisher.epoch, model: model, labels: labels, cameras: cameras,
      rules: settings.rules.alerts.map(\.name), started: clock.now().wall,
      keptActivities: historyPath == nil ? 10_000 : 0)
    let lifelines = Watched()
    var sources = PageRouter.Sources(
      board: board, faults: { lifelines.faults },
      spans: { from, to in
        guard let historyPath else { return board.spans(from: from, to: to) }
        return try HistoryReader(path: historyPath).spans(from: from, to: to)
      },
      hasHistory: historyPath != nil, historyBytes: { historyPath.flatMap(Self.bytes) })
    sources.now = { clock.now().wall }
    let previews = settings.page.showsPreview ? Previews() : nil
    if let previews { sources.preview = { try previews.jpeg(of: $0) } }
    self.previews = previews
    let page = PageRouter(
      sources, hosts: settings.page.hosts,
      timeZone: settings.rules.timeZone.flatMap { TimeZone(identifier: $0) } ?? .current)
    server = try HTTPServer(address) { page.answer($0) }
    self.board = board
    self.lifelines = lifelines
  }

  var address: PageAddress { server.address }

  /// Sets the workers whose progress counts as health.
  func watch(_ workers: [Lifeline]) { lifelines.workers.withLock { $0 = workers } }

  /// Takes a message that was just published; cameras call it from their own threads.
  func take(_ report: Report) {
    switch report {
    case .activity(let event): board.take(event)
    case .state(let state): board.take(state)
    case .health(let health): board.take(health)
    case .prediction(let prediction): board.take(prediction)
    // The state lists all people.
    case .person: break
    }
  }

  func take(_ alerts: AlertsState) { board.take(alerts) }
  func take(_ counters: CameraHealth.Counters, of camera: String) { board.take(counters, of: camera) }

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await onOwnThread(named: "page") { [server] in server.run() }
    } onGracefulShutdown: {
      self.stop()
    }
  }

  func stop() { server.stop() }

  private final class Watched: Sendable {
    let workers = Mutex<[Lifeline]>([])

    var faults: [String] {
      workers.withLock { $0 }.compactMap { worker in worker.overdue().map(worker.complaint) }
    }
  }

  /// Including the files SQLite keeps next to it.
  private static func bytes(_ path: String) -> Int? {
    let sizes = ["", "-wal", "-shm"].compactMap { suffix -> Int? in
      do {
        return try FileManager.default.attributesOfItem(atPath: path + suffix)[.size] as? Int
      } catch {
        return nil  // Not there yet, or already removed.
      }
    }
    return sizes.isEmpty ? nil : sizes.reduce(0, +)
  }
}

extension PageAddress {
  /// `nil` if the page is off.
  init?(_ listen: PageSettings.Listen) {
    switch listen {
    case .off: return nil
    case .loopback(let port, let isVersion6): self = isVersion6 ? .loopback6(port: port) : .loopback(port: port)
    case .unix(let path): self = .unix(path: path)
    }
  }
}
