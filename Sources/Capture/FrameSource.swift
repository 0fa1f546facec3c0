package import Video

/// Where frames come from: a V4L2 camera, a file or network stream, or a kind added by another room.
///
/// Used from one thread, which may block in `next`. After an error the source is unusable: release it before opening it
/// again, because a disconnected device keeps its name until it is closed.
package protocol FrameSource: ~Copyable {
  /// Waits for the next frame and writes it into `frame`, reusing its storage.
  ///
  /// - Throws: `CaptureError`; its `isTransient` says whether opening the source again may help.
  mutating func next(into frame: inout Frame, timeout: Duration) throws(CaptureError) -> FrameArrival

  /// What was lost or skipped since the source was opened.
  var counters: CaptureCounters { get }

  /// Requested options that could not be applied when the source was opened, though it works without them.
  var warnings: [String] { get }
}

extension FrameSource where Self: ~Copyable {
  package var warnings: [String] { [] }
}

/// How a wait for a frame ended.
package enum FrameArrival: Equatable, Sendable {
  case frame
  /// No frame arrived in time; the source is still open.
  case timedOut
  /// The next frame is ready but not due yet, as in a pause of a file played in real time.
  case notDue
  /// The file or stream has no more frames.
  case ended
}

/// Counts since a source was opened.
package struct CaptureCounters: Equatable, Sendable {
  /// Frames delivered.
  package var delivered = 0
  /// Frames lost before they reached us, from gaps in the source's sequence numbers.
  package var lost = 0
  /// Frames flagged as faulty, short or empty, and frames that could not be decoded or only with damage.
  package var corrupt = 0
  /// Frames whose own timestamps were missing or wrong.
  package var retimed = 0
  /// True while frames are timed by arrival because the source's timestamps do not advance at the speed of time.
  package var goesByArrival = false

  package init() {}
}
