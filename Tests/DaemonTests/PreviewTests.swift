import Capture
import Pipeline
import Testing
import Video

@testable import Daemon

@Suite struct `Pictures for the page` {
  private let size = FrameSize(width: 64, height: 32)

  private func pixel(_ x: Int, _ y: Int, of jpeg: [UInt8]) throws -> (luma: Int, size: FrameSize) {
    var (frame, picture) = (Frame(), Frame())
    (frame.format, frame.bytes, frame.byteCount) = (.mjpeg, jpeg, jpeg.count)
    var decoder = try FrameDecoder()
    try decoder.decode(frame, into: &picture)
    return (Int(picture.bytes[y * picture.planes[0].rowBytes + x]), picture.size)
  }

  @Test func `previews are JPEGs with a frame around each person`() throws {
    let previews = Previews()
    let grey = [UInt8](repeating: 40, count: size.width * size.height * 3)
    previews.take(
      PreviewPicture(size: size, pixels: grey, boxes: [PictureBox(x: 0.25, y: 0.25, width: 0.5, height: 0.5)]),
      of: "room")
    let jpeg = try #require(try previews.jpeg(of: "room"))
    #expect(try pixel(0, 0, of: jpeg).size == size)
    #expect(try pixel(16, 16, of: jpeg).luma > 120)
    #expect(try pixel(30, 16, of: jpeg).luma < 60)
    #expect(try previews.jpeg(of: "kitchen") == nil)
  }

  @Test func `previews disappear with their camera`() throws {
    let previews = Previews()
    let bench = try Bench("room", previewInterval: .seconds(1), show: { previews.take($0, of: "room") })
    bench.play(3)
    #expect(try previews.jpeg(of: "room") != nil)
    bench.camera.lose("unplugged", CaptureTotals())
    #expect(try previews.jpeg(of: "room") == nil)
  }
}
