import Basics

/// Why no frames can be captured, worded for whoever runs the service.
package enum CaptureError: Error, Equatable, CustomStringConvertible {
  /// The text of `cameras[].source` does not name a source.
  case badSource(String, reason: String)
  /// No such device, or not a device that captures video.
  case noCamera(device: String, reason: String)
  /// Another process streams from the device; `owner` names it if it could be found.
  case busy(device: String, owner: String?)
  /// The driver refused a request; `errno` is the kernel's reason.
  case requestFailed(device: String, request: String, errno: CInt, advice: String?)
  /// The driver does not support the format, size or rate in a setting.
  case formatRefused(device: String, setting: String, asked: String, offered: [String])
  /// The device, or the far end of a stream, is gone.
  case disconnected(source: String, reason: String)
  /// A stream sent nothing for too long.
  case stalled(source: String, seconds: Double)
  /// A file or stream cannot be opened or decoded; `isTransient` for streams.
  case unreadable(source: String, reason: String, isTransient: Bool)
  /// The bytes are not a whole picture.
  case undecodable(reason: String)
  /// A picture cannot be compressed.
  case unencodable(reason: String)
  /// A file cannot be written.
  case unwritable(path: String, reason: String)

  /// True if opening the source again may help, as after a cable was unplugged.
  package var isTransient: Bool {
    switch self {
    case .badSource, .formatRefused, .undecodable, .unencodable, .unwritable: false
    case .noCamera, .busy, .disconnected, .stalled: true
    case .requestFailed(_, let request, let code, _): code == inputOutputError || Self.streaming.contains(request)
    case .unreadable(_, _, let isTransient): isTransient
    }
  }

  /// Requests whose failure no setting can fix.
  private static let streaming: Set = ["VIDIOC_STREAMON", "VIDIOC_STREAMOFF", "VIDIOC_QBUF", "VIDIOC_DQBUF", "poll"]

  package var description: String {
    switch self {
    case .badSource(let text, let reason):
      "'\(text)' is not a video source: \(reason)"
    case .noCamera(let device, let reason):
      "\(device) is not a camera that can be used: \(reason); `adl cameras` lists what cameras[].source can name"
    case .busy(let device, let owner):
      "\(device) is in use by \(owner ?? "another process"); stop it, or change cameras[].source"
    case .requestFailed(let device, let request, let code, let advice):
      "\(device): \(request) failed: \(reasonText(code))\(advice.map { "; \($0)" } ?? "")"
    case .formatRefused(let device, let setting, let asked, let offered):
      "\(device) cannot give \(asked); set \(setting) to one of \(offered.joined(separator: ", "))"
    case .disconnected(let source, let reason):
      "\(source) is gone: \(reason)"
    case .stalled(let source, let seconds):
      "\(source) sent no picture for \(seconds) s; if the camera is that slow, raise cameras[].stallSeconds"
    case .unreadable(let source, let reason, _):
      "cannot read \(source): \(reason)"
    case .undecodable(let reason):
      "not a whole picture: \(reason)"
    case .unencodable(let reason):
      "the picture cannot be compressed: \(reason)"
    case .unwritable(let path, let reason):
      "cannot write \(path): \(reason)"
    }
  }
}
