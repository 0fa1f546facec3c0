import Basics
import Testing

@Suite struct `The address of a source` {
  @Test(arguments: [
    ("/dev/video0", "/dev/video0"), ("by-path:pci-0000:00:14.0-usb", "by-path:pci-0000:00:14.0-usb"),
    ("clips/a@b.mp4", "clips/a@b.mp4"), ("file:a:b@c.mp4", "file:a:b@c.mp4"),
    ("synthetic:7?people=2", "synthetic:7?people=2"),
    ("rtsp://camera", "rtsp://camera"), ("RTSP://camera:554/", "rtsp://camera:554/"),
    ("rtsp://me:pass@camera:554/s", "rtsp://camera:554/…"), ("rtsp://me:p@ss@[::1]:554/s", "rtsp://[::1]:554/…"),
    ("http://camera/video?user=me&pwd=pass", "http://camera/…"), ("http://camera?pass", "http://camera/…"),
    ("rtsp://camera/user=me_password=pass_channel=1.sdp", "rtsp://camera/…"),
    ("rtsp://me:pa#ss@camera/s", "rtsp://…"), ("rtsp://me:pa/ss@camera", "rtsp://…"),
    ("rtsp://camera/a@pass", "rtsp://…"),
    ("me:pass@camera/s", "…"), ("rtsp:/me:pass@camera/s", "…"), ("me:pass@x://camera", "…://camera"),
  ])
  func `the description of a source shows what is not secret`(text: String, shown: String) {
    #expect("\(SourceAddress(text))" == shown)
  }

  @Test func `the description of a source shows no part of a password, whatever its characters`() {
    let marks = Array("aZ9#@/?%:&=+ \"'\\éß[]{}")
    for seed in 0..<2000 {
      var random = SplitMix64(seed: UInt64(seed))
      // Long enough not to occur in anything else that is shown.
      let noise = (0..<8).compactMap { _ in marks.randomElement(using: &random) }
      let secret = "Q" + String(noise) + "J" + String(noise.reversed()) + "X"
      for text in [
        "rtsp://admin:\(secret)@camera:554/s", "http://\(secret)@camera/", "rtsps://camera:7441/\(secret)?enableSrtp",
        "http://camera/v?token=\(secret)&x=1", "http://camera#\(secret)", "rtsp:/me:\(secret)@camera",
        "me:\(secret)@camera/s", "rtsp://me:\(secret)@10.0.0.1/a?b=\(secret)",
      ] {
        let address = SourceAddress(text)
        var dumped = ""
        dump(["a": address], to: &dumped)
        for said in ["\(address)", String(reflecting: address), String(describing: Optional(address)), dumped] {
          for piece in secret.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) where piece.count > 2 {
            #expect(!said.contains(piece), "seed \(seed): \(said)")
          }
          #expect(!said.contains("Q") && !said.contains("X"), "seed \(seed): \(said)")
        }
      }
    }
  }

  @Test(arguments: [
    ("rtsp://admin:s3cr#et@127.0.0.1:9/s", "#"), ("rtsp://admin:1234#5@camera", "#"),
    ("rtsp://admin:a/b@camera/s", "/"),
    ("http://admin:a?b@camera/s", "?"),
  ])
  func `a source's mistake says how to write a password with special characters`(text: String, mark: String) {
    #expect(
      SourceAddress(text).mistake
        == "a user or password cannot hold '\(mark)' as it is; write # as %23, / as %2F, ? as %3F and % as %25")
  }

  @Test(arguments: [
    "rtsp://admin:s3cr%23et@127.0.0.1:9/s", "http://camera/a@b", "http://camera:80/a@b", "http://[::1]:80/a@b",
    "rtsp://me:p@ss@camera/s", "clip.mp4", "/dev/video0", "http://camera/#top",
  ])
  func `a valid source has no mistake`(text: String) { #expect(SourceAddress(text).mistake == nil) }
}
