import Events
import Foundation
import FoundationNetworking
import Page
import Settings
import TestSupport
import Testing

@testable import Daemon

@Suite(.timeLimit(.minutes(1))) struct `The page of the daemon` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func settings(_ listen: String) throws -> DaemonSettings {
    try DaemonSettings.parse(
      """
      model: {path: m}
      cameras: [{name: room, source: "synthetic:1"}]
      events: {endpoint: "ipc://\(folder.path)/e", query: "ipc://\(folder.path)/q"}
      page: {listen: \(listen)}
      """, path: "test", hostName: "host")
  }

  private func publisher() throws -> EventPublisher {
    var options = EventPublisher.Options()
    (options.endpoint, options.query) = ("ipc://\(folder.path)/e", "ipc://\(folder.path)/q")
    return try EventPublisher(options)
  }

  private func service(_ publisher: EventPublisher, _ listen: String) throws -> PageService? {
    try PageService(
      settings(listen), cameras: ["room"], model: ModelIdentity(name: "m", sha256: "", classes: 1), labels: ["Walk"],
      historyPath: nil, publisher: publisher)
  }

  /// A port that was free a moment ago.
  private func freePort() throws -> UInt16 {
    guard case .loopback(let port) = try HTTPServer(.loopback(port: 0), answer: { _ in .text(.ok, "") }).address else {
      return 0
    }
    return port
  }

  @Test func `the page is unhealthy while a worker hangs, and healthy again afterwards`() async throws {
    let publisher = try publisher()
    defer { publisher.close() }
    let port = try freePort()
    let page = try #require(try service(publisher, "127.0.0.1:\(port)"))
    let worker = Lifeline("recognition")
    page.watch([Lifeline("camera room"), worker])
    page.take(.health(CameraHealth(.offline, camera: "room", reason: "gone", counters: CameraHealth.Counters())))

    let url = try #require(URL(string: "http://localhost:\(port)/healthz"))
    func health() async throws -> (status: Int?, text: String) {
      let (data, response) = try await URLSession.shared.data(from: url)
      return ((response as? HTTPURLResponse)?.statusCode, String(decoding: data, as: UTF8.self))
    }
    try await withThrowingTaskGroup { group in
      group.addTask { try await page.run() }
      let away = #""away":[{"camera":"room","condition":"offline","reason":"gone"}]"#
      #expect(try await health() == (200, "{\(away),\"reasons\":[],\"status\":\"ok\"}"))
      worker.promise(within: .seconds(-7))
      let reason = "recognition hangs: it should have reported 7 s ago"
      #expect(try await health() == (503, "{\(away),\"reasons\":[\"\(reason)\"],\"status\":\"failing\"}"))
      worker.rest()
      #expect(try await health().status == 200)
      page.stop()
      try await group.waitForAll()
    }
  }

  @Test func `the page is off by default`() throws {
    let publisher = try publisher()
    defer { publisher.close() }
    #expect(try service(publisher, "off") == nil)
  }

  @Test func `the page does not start on a port in use`() throws {
    let publisher = try publisher()
    defer { publisher.close() }
    let other = try HTTPServer(.loopback(port: 0)) { _ in .text(.ok, "") }
    let error = #expect(throws: PageError.self) { _ = try service(publisher, "\(other.address)") }
    #expect(error?.description == "page.listen: cannot listen on \(other.address): Address already in use")
  }
}
