import Pipeline
import Synchronization
import Video

/// What a capture thread tells recognition besides windows.
enum CameraNotice: Sendable {
  /// Frames arrive; the window begins to fill.
  case online(detail: String)
  /// Sampling began anew after a gap; the window fills again.
  case refilling
  /// No frames: the camera is gone, silent, or its file is over.
  case lost(CameraLoss, at: Duration, detail: String)
}

/// Why frames stopped.
enum CameraLoss: Sendable {
  case offline
  case stalled
  case ended
}

/// Where one camera's capture thread leaves its newest window for the recognition thread.
///
/// There is room for one window. A window that nobody took before the next came is overwritten and counted as a skipped
/// hop, so a slow engine never falls behind the camera.
final class CameraInbox: Sendable {
  private struct Contents {
    var window: ClipWindow?
    /// Storage of a window that was taken, to fill again.
    var spare: ClipWindow?
    var notices: [CameraNotice] = []
    var arrival: UInt64 = 0
    var skippedHops = 0
    var counters = CaptureReport()
  }

  let name: String
  private let contents: Mutex<Contents>
  private let bell: StopSignal

  /// - Parameters:
  ///   - name: the camera's.
  ///   - window: storage of the window's shape.
  ///   - bell: poked whenever something was left.
  init(name: String, window: ClipWindow, bell: StopSignal) {
    self.name = name
    self.bell = bell
    contents = Mutex(Contents(spare: window))
  }

  /// Leaves the samples of a ring that has just come due.
  func leave(_ ring: borrowing FrameRing, arrival: UInt64) {
    contents.withLock { contents in
      if let waiting = contents.window.take() {
        contents.skippedHops += 1
        contents.spare = waiting
      }
      // Taking the storage out keeps it unshared, so that it is filled in place.
      guard var window = contents.spare.take() else { preconditionFailure("the inbox owns two windows") }
      ring.copyWindow(into: &window)
      contents.window = consume window
      contents.arrival = arrival
    }
    bell.poke()
  }

  func leave(_ notice: CameraNotice) {
    contents.withLock { contents in
      if case .lost = notice, let waiting = contents.window.take() {
        // It shows the time before the loss, whose activities are about to be ended.
        contents.skippedHops += 1
        contents.spare = waiting
      }
      contents.notices.append(notice)
    }
    bell.poke()
  }

  func report(_ counters: CaptureReport) { contents.withLock { $0.counters = counters } }

  var captureReport: CaptureReport { contents.withLock { $0.counters } }
  var skippedHops: Int { contents.withLock { $0.skippedHops } }

  /// When the waiting window came, in the order of all cameras; `nil` when none waits.
  var waitingSince: UInt64? { contents.withLock { $0.window == nil ? nil : $0.arrival } }

  func takeNotices() -> [CameraNotice] {
    contents.withLock { contents in
      defer { contents.notices.removeAll() }
      return contents.notices
    }
  }

  /// Exchanges the waiting window for storage that is no longer needed; false when none waits.
  func takeWindow(into window: inout ClipWindow) -> Bool {
    contents.withLock { contents in
      guard var waiting = contents.window.take() else { return false }
      swap(&window, &waiting)
      contents.spare = waiting
      return true
    }
  }
}

/// What a capture thread has counted.
struct CaptureReport: Equatable, Sendable {
  var stream = FrameSampler.Counters()
  /// Frames lost before us and frames that were faulty, over all times the source was opened.
  var lost = 0
  var corrupt = 0
  var reconnects = 0
}
