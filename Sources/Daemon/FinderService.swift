import Detection
import Pipeline
import ServiceLifecycle
import Settings
import Video

/// The one thread of the person finder: looks at each camera's newest picture in turn.
///
/// A finder that cannot start fails every find; the cameras say so in their health, and the daemon goes on.
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
    while let (camera, job) = pictures.next() {
      defer { pictures.finish(camera) }
      lifeline.promise(within: work.limit)
      let began = ContinuousClock.now
      let found = Result { () throws(DetectionError) in try finders[camera].get().find(in: job.picture) }
      cameras[camera].take(found: found, in: job.ticket)
      work.add(ContinuousClock.now - began)
      lifeline.rest()
    }
  }

  /// One detector for all cameras, or a background of its own for each.
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
  /// The detector's file where a model finds people; `nil` where motion does.
  var usedDetector: String? { finder == .motion ? nil : detector }
}
