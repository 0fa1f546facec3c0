import Events
import Foundation
import Testing

@testable import Page

@Suite struct `The metrics` {
  private func board() -> Board {
    let board = Board.made()
    var counters = CameraHealth.Counters()
    (counters.frames, counters.windows, counters.skippedHops) = (1234, 56, 7)
    board.take(counters, of: "kitchen")
    var state = CameraState(
      camera: "kitchen", state: "empty", activity: nil, activityID: nil, since: Instant(time: "", monotonic: 0),
      condition: "online")
    state.people = []
    board.take(state)
    board.take("A", "Say \"hi\"\\\nnow", from: "2026-10-25T10:00:00.000Z", to: nil)
    board.take("B", "Walk", from: "2026-10-25T10:00:00.000Z", to: "2026-10-25T10:05:00.000Z")
    for milliseconds in [4, 40, 40, 90_000] {
      board.take(
        Prediction(
          camera: "kitchen", top: [],
          window: ActivityEvent.Window(
            frames: 64, span: 4, sampleRate: 15, firstFrame: 0, lastFrame: 63, dropped: 0, repeated: 0),
          latency: ActivityEvent.Latency(inference: milliseconds, captureToPublish: 0)))
    }
    let now = Instant(time: "2026-10-25T10:00:00.000Z", monotonic: 0)
    board.take(
      AlertsState(alerts: [
        AlertEvent(.raised, id: "B", rule: "fallen", cameras: ["hall"], reason: "Fall", since: now, raised: now)
      ]))
    return board
  }

  private func exposition() throws -> Exposition {
    try Exposition(Metrics(board: board().snapshot, process: .current, historyBytes: 1 << 20).text)
  }

  @Test func `the metrics equal what was counted`() throws {
    let samples = try exposition().samples
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
      samples.first { $0.name == name && $0.labels == labels }?.value
    }
    #expect(value("adl_camera_frames_total", ["camera": "kitchen"]) == 1234)
    #expect(value("adl_camera_frames_total", ["camera": "hall"]) == 0)
    #expect(value("adl_windows_total", ["camera": "kitchen"]) == 56)
    #expect(value("adl_skipped_hops_total", ["camera": "kitchen"]) == 7)
    #expect(value("adl_camera_online", ["camera": "kitchen"]) == 1)
    #expect(value("adl_camera_online", ["camera": "hall"]) == 0)
    #expect(value("adl_people", ["camera": "kitchen"]) == 0)
    #expect(value("adl_activities_total", ["camera": "kitchen", "label": "Walk"]) == 1)
    #expect(value("adl_activities_total", ["camera": "kitchen", "label": "Say \"hi\"\\\nnow"]) == 1, "escaped")
    #expect(value("adl_alerts_raised", ["rule": "fallen"]) == 1)
    #expect(value("adl_alerts_raised", ["rule": "no-meal"]) == 0)
    #expect(value("adl_history_bytes") == 1_048_576)
    #expect(value("adl_model_info", ["name": "people", "sha256": "00ff"]) == 1)
    #expect(value("adl_event_latency_seconds_count") == 2)
    #expect(value("adl_event_latency_seconds_sum") == 0.6)
    #expect(value("adl_inference_seconds_bucket", ["le": "0.005"]) == 1)
    #expect(value("adl_inference_seconds_bucket", ["le": "0.05"]) == 3)
    #expect(value("adl_inference_seconds_bucket", ["le": "5"]) == 3)
    #expect(value("adl_inference_seconds_bucket", ["le": "+Inf"]) == 4)
  }

  @Test func `the metrics describe this process`() throws {
    let samples = try exposition().samples
    func value(_ name: String) throws -> Double { try #require(samples.first { $0.name == name }?.value, "\(name)") }
    #expect(try value("process_cpu_seconds_total") > 0)
    #expect(try value("process_resident_memory_bytes") > 1e6)
    #expect(try value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
    #expect(try value("process_open_fds") >= 3)
    #expect(try value("process_max_fds") >= value("process_open_fds"))
    let age = Date().timeIntervalSince1970 - (try value("process_start_time_seconds"))
    #expect((-2...86_400).contains(age))
  }

  @Test func `the metrics omit a missing history`() throws {
    let text = Metrics(board: Board.made().snapshot, process: .current, historyBytes: nil).text
    #expect(!text.contains("adl_history_bytes"))
    // Nothing has been recognised, and a metric without samples is omitted.
    #expect(!text.contains("adl_activities_total"))
    #expect(try !Exposition(text).samples.isEmpty)
  }
}
