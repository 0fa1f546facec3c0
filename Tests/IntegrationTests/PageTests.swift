import Foundation
import FoundationNetworking
import Testing

@Suite(.serialized) struct `The page of a running daemon` {
  private func text(_ path: String, port: Int) async throws -> String {
    let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
    let (data, response) = try await URLSession.shared.data(from: url)
    #expect((response as? HTTPURLResponse)?.statusCode == 200)
    return String(decoding: data, as: UTF8.self)
  }

  @Test(.timeLimit(.minutes(5)))
  func `the page of a running daemon shows live frames and the day's history, and ends with the daemon`()
    async throws
  {
    let programs = try Programs()
    // There are few other threads, and none lives long.
    let port = Int.random(in: 20_000..<30_000)
    let config = try programs.write(
      """
      node: test
      model: {path: \(programs.smallModel()), precision: f32, threads: 1, hop: 4}
      cameras: [{name: room, source: "synthetic:1?rate=15&size=64x64"}]
      people: {mode: scene}
      recognition: {onHold: 1, offHold: 1}
      events: {endpoint: "ipc://\(programs.folder)/events", query: "ipc://\(programs.folder)/query"}
      history: {path: \(programs.folder)/history.sqlite}
      page: {listen: "127.0.0.1:\(port)"}
      """, to: "adld.yaml")
    let running = try programs.start("adld", ["--config", config])
    while !running.errorsSoFar.contains("page and metrics on 127.0.0.1:\(port)") {
      try await Task.sleep(for: .milliseconds(50))
    }
    func frames() async throws -> Int {
      let metrics = try await text("/metrics", port: port)
      let line = try #require(
        metrics.split(separator: "\n").first { $0.hasPrefix("adl_camera_frames_total{camera=\"room\"} ") })
      return try #require(Int(line.split(separator: " ")[1]))
    }
    let before = try await frames()
    while try await frames() < before + 10 { try await Task.sleep(for: .milliseconds(100)) }
    #expect(try await text("/healthz", port: port).contains(#""status":"ok""#))
    #expect(try await text("/", port: port).contains("<title>adl</title>"))
    // The model is certain that somebody is lying.
    while try await !text("/api/day", port: port).contains(#""label":"Lie""#) {
      try await Task.sleep(for: .milliseconds(100))
    }
    #expect(try await !text("/metrics", port: port).contains("adl_history_bytes 0\n"))

    running.terminate()
    let outcome = running.finish()
    #expect(outcome.status == 0, "\(outcome.errors)")
    await #expect(throws: (any Error).self) { try await text("/", port: port) }
  }
}
