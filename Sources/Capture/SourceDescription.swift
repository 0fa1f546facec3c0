package import Basics

/// A source as named in `cameras[].source` or an argument of `adl recognize`.
///
/// - `/dev/video0`, `/dev/v4l/by-id/…`, `by-id:NAME`, `by-path:NAME`, `serial:NUMBER`: a V4L2 camera;
/// - `rtsp://…`, `http://…` and their like: a stream; `file:PATH` or any other text: a file;
/// - `NAME:…`: a source added by a room above, through the `AddedSource` of that name.
package enum SourceDescription: Sendable {
  case camera(CameraName)
  case media(MediaFile.Location)
  case added(any AddedSource)

  /// Parses a source.
  ///
  /// - Parameters:
  ///   - address: the text from the settings or the command line.
  ///   - kinds: additional kinds of sources.
  /// - Throws: `CaptureError.badSource`.
  package init(parsing address: SourceAddress, adding kinds: [any AddedSource.Type] = []) throws(CaptureError) {
    let text = address.revealed
    func rest(after prefix: String) -> Substring? { text.hasPrefix(prefix) ? text.dropFirst(prefix.count) : nil }
    guard !text.isEmpty, !text.utf8.contains(0) else {
      throw .badSource("", reason: "it is empty or contains a zero byte")
    }
    for kind in kinds {
      guard let rest = rest(after: kind.name + ":") else { continue }
      self = .added(try kind.init(parsing: rest))
      return
    }
    if let name = CameraName(parsing: text) {
      self = .camera(name)
    } else if let path = rest(after: "file://") ?? rest(after: "file:") {
      guard !path.isEmpty else { throw .badSource("\(address)", reason: "there is no path after 'file:'") }
      self = .media(.file(String(path)))
    } else if let mistake = address.mistake {
      throw .badSource("\(address)", reason: mistake)
    } else if let scheme = address.scheme {
      guard Self.schemes.contains(scheme) else {
        throw .badSource(
          "\(address)",
          reason: "streams can use \(Self.schemes.joined(separator: ", ")), not '\(scheme)'")
      }
      self = .media(.url(address))
    } else {
      self = .media(.file(text))
    }
  }

  /// Parses a source from plain text, as on a command line.
  ///
  /// - Parameters:
  ///   - text: the text to parse.
  ///   - kinds: additional kinds of sources.
  /// - Throws: `CaptureError.badSource`.
  package init(parsing text: String, adding kinds: [any AddedSource.Type] = []) throws(CaptureError) {
    try self.init(parsing: SourceAddress(text), adding: kinds)
  }

  /// True for sources that show the world as it is now: cameras and network streams.
  package var isLive: Bool {
    switch self {
    case .camera, .media(.url): true
    case .media(.file), .added: false
    }
  }

  static let schemes = ["rtsp", "rtsps", "http", "https", "rtp", "udp"]
}

/// A kind of source that a room above adds to what settings and command lines can name.
package protocol AddedSource: Sendable {
  /// The text before the colon.
  static var name: String { get }

  /// Parses the text after the colon.
  ///
  /// - Parameter text: the text after the colon.
  /// - Throws: `CaptureError.badSource`.
  init(parsing text: Substring) throws(CaptureError)

  /// The total duration; `nil` if endless.
  var length: Duration? { get }

  /// Frames per second.
  var rate: Double { get }

  /// Opens the source.
  ///
  /// - Parameters:
  ///   - pace: how fast frames come, which also decides what their timestamps mean.
  ///   - clock: the clock to use.
  /// - Returns: the source, positioned at its first frame.
  /// - Throws: `CaptureError`.
  func open(pace: MediaFile.Pace, clock: FrameClock) throws(CaptureError) -> any FrameSource & ~Copyable
}

/// How a V4L2 camera is named; every form but a bare device node keeps naming the same camera.
package enum CameraName: Equatable, Sendable, CustomStringConvertible {
  /// A path, such as `/dev/video0` or one in `/dev/v4l`.
  case path(String)
  /// The serial number that the USB device reports.
  case serial(String)

  /// `nil` if the text does not name a camera.
  package init?(parsing text: String) {
    func rest(after prefix: String) -> String? {
      guard text.hasPrefix(prefix), text.count > prefix.count else { return nil }
      return String(text.dropFirst(prefix.count))
    }
    if let number = rest(after: "serial:") {
      self = .serial(number)
    } else if let name = rest(after: "by-id:") {
      self = .path("/dev/v4l/by-id/\(name)")
    } else if let name = rest(after: "by-path:") {
      self = .path("/dev/v4l/by-path/\(name)")
    } else if text.hasPrefix("/dev/"), text != "/dev/stdin", !text.hasPrefix("/dev/shm/"), !text.hasPrefix("/dev/fd/") {
      self = .path(text)
    } else {
      return nil
    }
  }

  package var description: String {
    switch self {
    case .path(let path): path
    case .serial(let number): "serial:\(number)"
    }
  }
}
