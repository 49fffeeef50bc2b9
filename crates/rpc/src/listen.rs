//! Listening where many may connect at the same moment.

use crate::limits::MAX_CONNECTIONS;
use std::{io, net::SocketAddr};
use tokio::net::{TcpListener, TcpSocket};

/// Listens for as many connections at the same moment as one server has. With the 128 that Tokio waits for, the system drops the
/// first packet of the others, and they try again a second later. Must be called within a Tokio runtime.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // As Tokio does: elsewhere it would let another program take the port, here it lets a node start again at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MAX_CONNECTIONS)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::{net::TcpStream, time::Duration};

    /// Far longer than a connection on the same machine takes, far shorter than the system goes on trying.
    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn hundreds_connect_before_the_first_is_taken() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let address = listener.local_addr().expect("an address");
        let bound = std::fs::read_to_string("/proc/sys/net/core/somaxconn").expect("the system's bound");
        let bound: usize = bound.trim().parse().expect("a number");
        let waiting: Vec<_> = (0..bound.min(400))
            .map(|_| TcpStream::connect_timeout(&address, PATIENCE).expect("connects"))
            .collect();
        drop(waiting);
    }
}
