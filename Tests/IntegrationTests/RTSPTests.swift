import Foundation
import Testing

@Suite struct `RTSP cameras` {
  /// The package to install; `nil` if everything is there.
  private static let missing: String? = {
    let modules = "/usr/lib/x86_64-linux-gnu/girepository-1.0/GstRtspServer-1.0.typelib"
    let needed = [
      (modules, "gir1.2-gst-rtsp-server-1.0 python3-gi"),
      ("/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstx264.so", "gstreamer1.0-plugins-ugly"),
      ("/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgstrtp.so", "gstreamer1.0-plugins-good"),
    ]
    if let package = needed.first(where: { !FileManager.default.fileExists(atPath: $0.0) })?.1 { return package }
    return geteuid() == 0 ? nil : "the rights of root, for a network of its own"
  }()

  /// The script's output says how long each recovery took.
  @Test(.enabled(if: missing == nil, "no \(missing ?? ""); see Tests/RTSP/run"), .timeLimit(.minutes(10)))
  func `RTSP cameras work over TCP and UDP, with packet loss, restarts and power cuts`() throws {
    try Programs.check(with: "Tests/RTSP/run")
  }
}
