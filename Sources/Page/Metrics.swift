import Events

/// The metrics for Prometheus.
struct Metrics {
  var board: Board.Snapshot
  var process: ProcessUsage
  /// Size of the history on disk; `nil` if there is none.
  var historyBytes: Int?

  var text: String {
    var text = MetricsText()
    text.add(
      "adl_model_info", .gauge, "The model in use; always 1.",
      [(labels: [("name", board.model.name), ("sha256", board.model.sha256)], value: 1)])
    addCameras(to: &text)
    text.add("adl_inference_seconds", "Time the network takes for a window.", board.inference)
    text.add(
      "adl_event_latency_seconds", "Time from the last frame of a window to the event it led to.", board.latency)
    let raised = Dictionary(board.alerts.map { ($0.rule, 1.0) }, uniquingKeysWith: +)
    text.add(
      "adl_alerts_raised", .gauge, "Alerts of a rule that are currently raised.",
      board.rules.map { (labels: [("rule", $0)], value: raised[$0] ?? 0) })
    if let historyBytes { text.add("adl_history_bytes", .gauge, "Size of the history on disk.", Double(historyBytes)) }
    addProcess(to: &text)
    return text.text
  }

  private func addCameras(to text: inout MetricsText) {
    func samples(_ value: (Board.Snapshot.Camera) -> Double) -> [(labels: [(String, String)], value: Double)] {
      board.names.map { (labels: [("camera", $0)], value: board.cameras[$0].map(value) ?? 0) }
    }
    func count(_ name: String, _ help: String, _ value: (Board.Snapshot.Camera) -> Int) {
      text.add(name, .counter, help, samples { Double(value($0)) })
    }
    text.add(
      "adl_camera_online", .gauge, "1 while the camera delivers frames, else 0.",
      samples { $0.state?.condition == "online" ? 1 : 0 })
    text.add("adl_people", .gauge, "People currently followed.", samples { Double($0.state?.people?.count ?? 0) })
    count("adl_camera_frames_total", "Frames delivered by the camera.") { $0.counters.frames }
    count("adl_camera_lost_frames_total", "Frames lost before they could be used.") { $0.counters.lostFrames }
    count("adl_camera_corrupt_frames_total", "Frames that could not be used.") { $0.counters.corruptFrames }
    count("adl_camera_reconnects_total", "Number of times the camera was reopened.") { $0.counters.reconnects }
    count("adl_windows_total", "Windows recognised.") { $0.counters.windows }
    count("adl_skipped_hops_total", "Windows replaced by newer ones before they were recognised.") {
      $0.counters.skippedHops
    }
    count("adl_finds_total", "Pictures in which people were looked for.") { $0.counters.finds }
    count("adl_skipped_finds_total", "Pictures skipped because the finder was busy.") { $0.counters.skippedFinds }
    text.add(
      "adl_activities_total", .counter, "Activities started.",
      board.names.flatMap { camera in
        (board.cameras[camera]?.activities ?? [:]).sorted { $0.key < $1.key }
          .map { (labels: [("camera", camera), ("label", $0.key)], value: Double($0.value)) }
      })
  }

  private func addProcess(to text: inout MetricsText) {
    func add(_ name: String, _ kind: MetricsText.Kind, _ help: String, _ value: Double?) {
      if let value { text.add(name, kind, help, value) }
    }
    add("process_cpu_seconds_total", .counter, "User and system CPU time in seconds.", process.cpuSeconds)
    add("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", process.residentBytes)
    add("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.", process.virtualBytes)
    add("process_open_fds", .gauge, "Number of open file descriptors.", process.openDescriptors)
    add("process_max_fds", .gauge, "Maximum number of open file descriptors.", process.mostDescriptors)
    add("process_start_time_seconds", .gauge, "Start time of the process in seconds since 1970.", process.startTime)
  }
}
