package import Capture
package import Detection
package import Video

/// Reads the windows of a recording, as recognition would see them.
package struct WindowReader {
  private let options: PipelineOptions
  private let finder: (any PersonFinder)?

  /// - Parameters:
  ///   - options: must match the model's frames and size.
  ///   - finder: finds the people, if people are tracked.
  package init(_ options: PipelineOptions, finder: (any PersonFinder)?) {
    self.options = options
    self.finder = finder
  }

  /// Reads a source until it ends or enough windows were read.
  ///
  /// - Parameters:
  ///   - source: a file or anything else that ends.
  ///   - progress: called after each frame with its media time.
  ///   - take: receives each window, and returns whether more are wanted.
  /// - Throws: `CaptureError`, `DetectionError`, or what `take` throws.
  package func read(
    _ source: consuming any FrameSource & ~Copyable, progress: (Duration) -> Void, take: (ClipWindow) throws -> Bool
  ) throws {
    var pipeline = try CameraPipeline(options)
    var frame = Frame()
    while true {
      switch try source.next(into: &frame, timeout: .seconds(1)) {
      case .ended:
        _ = try serve(pipeline.finish(), &pipeline, take)
        return
      case .timedOut, .notDue: continue
      case .frame:
        guard try serve(pipeline.take(&frame, at: frame.timestamp), &pipeline, take) else { return }
        progress(frame.timestamp)
      }
    }
  }

  private func serve(
    _ outputs: [PipelineOutput], _ pipeline: inout CameraPipeline, _ take: (ClipWindow) throws -> Bool
  ) throws -> Bool {
    for output in outputs {
      switch output {
      case .window(let order, let window):
        guard try take(window) else { return false }
        guard try serve(pipeline.skip(order), &pipeline, take) else { return false }
      case .picture(let ticket, let picture):
        guard let finder else { continue }
        let found = try finder.find(in: picture)
        guard try serve(pipeline.take(found: .success(found), in: ticket), &pipeline, take) else { return false }
      default: break
      }
    }
    return true
  }
}
