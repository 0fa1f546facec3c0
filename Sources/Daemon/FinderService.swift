import Detection
import Pipeline
import ServiceLifecycle
import Settings
import Video

/// The person finder's thread: processes the pictures of each camera's newest frame in turn.
///
/// If the finder cannot start, every search fails; the cameras report it in their health, and the daemon keeps running.
struct FinderService: Service {
  let cameras: [LiveCamera]
  let pictures: PictureExchange
  let settings: PeopleSettings
  let lifeline = Lifeline("the person finder")

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await onOwnThread(named: "finder") { find() }
    } onGracefulShutdown: {
      pictures.close()
    }
  }

  private func find() {
    let finders = Self.finders(settings, cameras: cameras.count)
    var work = WorkLimit()
    while let (camera, jobs) = pictures.next() {
      defer { pictures.finish(camera) }
      for job in jobs {
        lifeline.promise(within: work.limit)
        let began = ContinuousClock.now
        let found = Result { () throws(DetectionError) in try finders[camera].get().find(in: job.picture) }
        cameras[camera].take(found: found, in: job.ticket)
        work.add(ContinuousClock.now - began)
        lifeline.rest()
      }
    }
  }

  /// One detector for all cameras, or one background model per camera.
  private static func finders(
    _ settings: PeopleSettings, cameras: Int
  ) -> [Result<any PersonFinder, DetectionError>] {
    if let detector = settings.usedDetector {
      let detector = Result { () throws(DetectionError) in
        try ModelFinder(path: detector, threads: settings.threads)
      }
      return (0..<cameras).map { _ in
        detector.map { SteadyFinder($0, picturesPerSecond: settings.rate) }
      }
    }
    return (0..<cameras).map { _ in
      Result { () throws(DetectionError) -> any PersonFinder in
        try MotionFinder(picturesPerSecond: settings.rate, threads: settings.threads)
      }
    }
  }
}

extension PeopleSettings {
  /// The detector's file if a model finds people; `nil` if motion does.
  var usedDetector: String? { finder == .motion ? nil : detector }
}
