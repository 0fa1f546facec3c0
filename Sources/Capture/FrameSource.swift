package import Video

/// Where frames come from: a V4L2 camera, a file or network stream, or what another room adds.
///
/// Used from one thread, which may block in `next`. After an error the source is of no more use: let it go before it is
/// opened again, since a device that left keeps its name for as long as it is held.
package protocol FrameSource: ~Copyable {
  /// Waits for the next frame and writes it into `frame`, reusing its storage.
  ///
  /// - Throws: `CaptureError`; its `isTransient` says whether opening the source again may help.
  mutating func next(into frame: inout Frame, timeout: Duration) throws(CaptureError) -> FrameArrival

  /// What was lost or skipped since the source was opened.
  var counters: CaptureCounters { get }

  /// What did not go as it was asked for when the source was opened, and does not keep it from working.
  var warnings: [String] { get }
}

extension FrameSource where Self: ~Copyable {
  package var warnings: [String] { [] }
}

/// How a wait for a frame ended.
package enum FrameArrival: Equatable, Sendable {
  case frame
  /// Nothing came within the time; the source is still open.
  case timedOut
  /// A frame is there, and its time has not come: as in a pause of a file that plays in real time.
  case notDue
  /// The file or stream has no more frames.
  case ended
}

/// Counts since a source was opened.
package struct CaptureCounters: Equatable, Sendable {
  /// Frames handed out.
  package var delivered = 0
  /// Frames lost before us, by gaps in the source's sequence numbers.
  package var lost = 0
  /// Frames flagged as faulty, short or empty, and frames that could not be decoded, or only with damage.
  package var corrupt = 0
  /// Frames whose own time stamps were missing or wrong.
  package var retimed = 0
  /// True while frames have the times of their arrival because the source's stamps do not run as time does.
  package var goesByArrival = false

  package init() {}
}
