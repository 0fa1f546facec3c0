import Events
import Foundation
import History
import Logging
import Page
import ServiceLifecycle
import Settings
import Synchronization

/// The page, its metrics and its health, served from threads of its own; cameras only leave what they say on its board.
final class PageService: Service {
  /// Where pictures are shown.
  let previews: Previews?
  private let board: Board
  private let server: HTTPServer
  private let lifelines: Watched

  /// Listens, so that an address that is taken is known before anything runs.
  ///
  /// - Parameters:
  ///   - settings: of the daemon; `nil` comes back where the page is off.
  ///   - cameras: names of those that are enabled.
  ///   - model: what recognises.
  ///   - labels: what it tells apart.
  ///   - historyPath: the file of the history, where there is one.
  ///   - publisher: whose epoch and clock count.
  /// - Throws: `PageError`.
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
    var sources = Page.Sources(
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
    let page = Page(
      sources, hosts: settings.page.hosts,
      timeZone: settings.rules.timeZone.flatMap { TimeZone(identifier: $0) } ?? .current)
    server = try HTTPServer(address) { page.answer($0) }
    self.board = board
    self.lifelines = lifelines
  }

  var address: PageAddress { server.address }

  /// Says whose progress is health.
  func watch(_ workers: [Lifeline]) { lifelines.workers.withLock { $0 = workers } }

  /// Takes a message that was just published; cameras call it from threads of their own.
  func take(_ report: Report) {
    switch report {
    case .activity(let event): board.take(event)
    case .state(let state): board.take(state)
    case .health(let health): board.take(health)
    case .prediction(let prediction): board.take(prediction)
    // The state lists everybody.
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

  /// With what SQLite keeps beside the file.
  private static func bytes(_ path: String) -> Int? {
    let sizes = ["", "-wal", "-shm"].compactMap { suffix -> Int? in
      do {
        return try FileManager.default.attributesOfItem(atPath: path + suffix)[.size] as? Int
      } catch {
        return nil  // Not there yet, or no longer.
      }
    }
    return sizes.isEmpty ? nil : sizes.reduce(0, +)
  }
}

extension PageAddress {
  /// `nil` where the page is off.
  init?(_ listen: PageSettings.Listen) {
    switch listen {
    case .off: return nil
    case .loopback(let port, let isVersion6): self = isVersion6 ? .loopback6(port: port) : .loopback(port: port)
    case .unix(let path): self = .unix(path: path)
    }
  }
}
